/**
 * A graph of what comes before what: its topological order, or its shortest cycle.
 *
 * Nodes are events, numbered from 0, and moments of time behind them, which no explanation names.
 */
import type { Suspect } from './assumptions.ts';
import { partitionPoint } from './partition-point.ts';

/** Why one node comes before another, said of the first; absent for edges of time. */
export interface Reason {
  readonly text: string;
  readonly suspect?: Suspect | undefined;
}

interface Edge {
  readonly to: number;
  readonly reason: Reason | undefined;
}

/** An event of a cycle and why it comes before the next one. */
export interface CycleStep {
  readonly event: number;
  readonly reason: Reason | undefined;
}

/** When an event began and ended. */
export interface Span {
  readonly invoked: number;
  readonly returned: number;
}

/** How many events a shortest cycle is looked for through. */
const CYCLE_STARTS_MAX = 64;

/** See the module. */
export class OrderGraph {
  readonly #events: number;
  readonly #edges: Edge[][] = [];

  /** Returns a graph of these events, in which one that ended before another began comes before it. */
  constructor(spans: readonly Span[]) {
    this.#events = spans.length;
    const ends = [...new Set(spans.map(({ returned }) => returned))]
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    for (let node = 0; node < spans.length + ends.length; node += 1) this.#edges.push([]);
    const momentOf = (index: number): number => spans.length + index;
    for (let index = 1; index < ends.length; index += 1) this.add(momentOf(index - 1), momentOf(index));
    for (const [event, { invoked, returned }] of spans.entries()) {
      const before = countBelow(ends, invoked);
      if (before > 0) this.add(momentOf(before - 1), event);
      if (Number.isFinite(returned)) this.add(event, momentOf(countBelow(ends, returned)));
    }
  }

  /** Adds that one node comes before another; a node before itself is left out. */
  add(from: number, to: number, reason?: Reason): void {
    if (from !== to) this.#edges[from]?.push({ to, reason });
  }

  /** Returns the events in an order that obeys all edges, or `undefined` if there is none. */
  order(): readonly number[] | undefined {
    const ready = this.#withoutSources();
    return ready.length < this.#edges.length ? undefined : ready.filter((node) => node < this.#events);
  }

  /** Returns a cycle of few events. There must be one. */
  cycle(): readonly CycleStep[] {
    const settled = new Set(this.#withoutSources());
    let shortest: readonly CycleStep[] = [];
    let starts = 0;
    for (let event = 0; event < this.#events && starts < CYCLE_STARTS_MAX; event += 1) {
      if (settled.has(event)) continue;
      const cycle = this.#cycleThrough(event, settled);
      if (cycle === undefined) continue;
      starts += 1;
      if (shortest.length === 0 || cycle.length < shortest.length) shortest = cycle;
      if (shortest.length === 2) break;
    }
    return shortest;
  }

  /** Takes away nodes that nothing left comes before, as long as there are any, and returns them. */
  #withoutSources(): number[] {
    const incoming = new Int32Array(this.#edges.length);
    for (const edges of this.#edges) for (const { to } of edges) incoming[to] = (incoming[to] ?? 0) + 1;
    const ready: number[] = [];
    for (const [node, count] of incoming.entries()) if (count === 0) ready.push(node);
    for (let next = 0; next < ready.length; next += 1) {
      for (const { to } of this.#edges[ready[next] as number] as Edge[]) {
        incoming[to] = (incoming[to] as number) - 1;
        if (incoming[to] === 0) ready.push(to);
      }
    }
    return ready;
  }

  /** Searches breadth first; moments of time count nothing, so they are walked through at once. */
  #cycleThrough(start: number, settled: ReadonlySet<number>): readonly CycleStep[] | undefined {
    const cameBy = new Map<number, { readonly from: number; readonly reason: Reason | undefined }>();
    let level = [start];
    while (level.length > 0) {
      const next: number[] = [];
      for (let index = 0; index < level.length; index += 1) {
        const from = level[index] as number;
        for (const { to, reason } of this.#edges[from] as Edge[]) {
          if (settled.has(to) || cameBy.has(to)) continue;
          cameBy.set(to, { from, reason });
          if (to === start) return this.#stepsTo(start, cameBy);
          (to < this.#events ? next : level).push(to);
        }
      }
      level = next;
    }
    return undefined;
  }

  #stepsTo(
    start: number,
    cameBy: ReadonlyMap<number, { readonly from: number; readonly reason: Reason | undefined }>,
  ): readonly CycleStep[] {
    const steps: CycleStep[] = [];
    let node = start;
    do {
      const { from, reason } = cameBy.get(node) as { from: number; reason: Reason | undefined };
      if (from < this.#events) steps.unshift({ event: from, reason });
      node = from;
    } while (node !== start);
    return steps;
  }
}

function countBelow(sorted: readonly number[], bound: number): number {
  return partitionPoint(sorted.length, (place) => (sorted[place] as number) < bound);
}
