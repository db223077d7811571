/**
 * Schedules: what happens to a small cluster, and what must hold when it is over.
 *
 * A schedule is run on virtual time. Then all partitions heal, everybody has time, and the views of all nodes that are up must
 * agree with each other and with what each node says of itself.
 */
import { isClorthoError } from '@clortho/base';
import fc from 'fast-check';
import type { GossipCore } from '../../src/core/gossip-core.ts';
import type { SimulatedCluster, SimulationOptions } from '../../src/simulation/simulated-cluster.ts';

/** A step of a schedule; nodes are numbers modulo the size of the cluster. */
export type Step =
  | { readonly type: 'set' | 'delete'; readonly node: number; readonly key: number; readonly isLazy: boolean }
  | {
      readonly type: 'fill';
      readonly node: number;
      readonly count: number;
      readonly bytes: number;
      readonly isLazy: boolean;
    }
  | { readonly type: 'crash' | 'restart' | 'leave' | 'join'; readonly node: number }
  | { readonly type: 'pause'; readonly node: number; readonly ms: number }
  | { readonly type: 'split'; readonly mask: number; readonly isOneWay: boolean }
  | { readonly type: 'heal' }
  | { readonly type: 'wait'; readonly ms: number };

/** A schedule for a cluster. */
export interface Schedule {
  readonly nodes: number;
  readonly seed: number;
  readonly loss: number;
  readonly steps: readonly Step[];
}

const node = fc.nat(9);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom('set' as const, 'set' as const, 'delete' as const),
      node,
      key: fc.nat(3),
      isLazy: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('fill' as const),
      node,
      count: fc.constantFrom(30, 30, 200, 1025),
      bytes: fc.constantFrom(1, 100, 1000),
      isLazy: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('crash' as const, 'restart' as const, 'restart' as const),
      node,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('leave' as const, 'join' as const), node }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('pause' as const),
      node,
      ms: fc.integer({ min: 100, max: 6000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('split' as const), mask: fc.nat(1023), isOneWay: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'heal' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 50, max: 20_000 }) }),
  },
);

/** Schedules of up to 30 steps for up to 8 nodes. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  nodes: fc.integer({ min: 2, max: 8 }),
  seed: fc.nat(2 ** 31),
  loss: fc.constantFrom(0, 0.1, 0.3),
  steps: fc.array(step, { maxLength: 30 }),
});

/** Short times, so that dead members are forgotten and tombstones collected within a schedule. */
const TUNING = {
  suspicionMs: 1000,
  retentionMs: 20_000,
  tombstoneMs: 8_000,
  lazyMs: 1000,
  healMs: 2_000,
};
const QUIET_MS = 90_000;
const DATAGRAM_BYTES_MAX = 1200;

/** Makes clusters: the class under test, or a broken one. */
export type ClusterClass = new (options: SimulationOptions) => SimulatedCluster;

/** Runs a schedule and returns what is wrong in the end. */
export function runSchedule(Cluster: ClusterClass, schedule: Schedule): string[] {
  const problems: string[] = [];
  const cluster = new Cluster({
    nodes: schedule.nodes,
    seed: schedule.seed,
    link: { loss: schedule.loss, duplicate: 0.05, reorder: 0.05 },
    tuning: TUNING,
    isAcquainted: false,
    onEvent: (node, event) => {
      if (event.type === 'update' || event.type === 'forget')
        run.watch(node, event.member.name, event.member.id, event.keys);
      if (event.type === 'forget') run.forget(node, event.member.name);
    },
    onSend: (_, message, bytes) => {
      if (bytes > DATAGRAM_BYTES_MAX) problems.push(`a datagram of ${bytes} bytes: kind=${message.kind}`);
    },
  });
  const run: Run = new Run(cluster, problems);
  for (let joining = 1; joining < schedule.nodes; joining += 1) cluster.introduce(joining, 0);
  cluster.run(3000);
  for (const one of schedule.steps) run.step(one);
  run.finish();
  return problems;
}

class Run {
  readonly #cluster: SimulatedCluster;
  readonly #problems: string[];
  readonly #left = new Set<number>();
  readonly #marks = new Map<string, readonly [gen: number, gc: number, max: number]>();
  /** What somebody who follows the events of a node has seen of keys. */
  readonly #watched = new Map<string, Map<string, Uint8Array>>();
  #value = 0;

  constructor(cluster: SimulatedCluster, problems: string[]) {
    this.#cluster = cluster;
    this.#problems = problems;
  }

  step(step: Step): void {
    const cluster = this.#cluster;
    const target = 'node' in step ? step.node % cluster.size : 0;
    const isUp = cluster.isUp(target) && !this.#left.has(target);
    switch (step.type) {
      case 'set':
      case 'delete': {
        this.#value = (this.#value + 1) % 128;
        const value = step.type === 'set' ? new Uint8Array([this.#value]) : undefined;
        if (isUp) change(cluster.core(target), `key-${step.key}`, value, step.isLazy);
        break;
      }
      case 'fill':
        if (isUp) this.#fill(cluster.core(target), step);
        break;
      case 'crash':
        if (isUp && this.#up().length > 1) cluster.crash(target);
        break;
      case 'restart':
        this.#left.delete(target);
        cluster.restart(
          target,
          this.#up().filter((other) => other !== target),
        );
        break;
      case 'leave':
        if (!isUp || this.#up().length < 2) break;
        cluster.core(target).leave();
        cluster.run(cluster.nowMs + 1000);
        cluster.crash(target);
        this.#left.add(target);
        break;
      case 'join':
        if (cluster.size < 10) cluster.join(this.#up());
        break;
      case 'pause':
        if (isUp) cluster.pause(target, step.ms);
        break;
      case 'split':
        cluster.block((from, to) => {
          const isApart = ((step.mask >> from) & 1) !== ((step.mask >> to) & 1);
          return isApart && (!step.isOneWay || ((step.mask >> from) & 1) === 1);
        });
        break;
      case 'heal':
        cluster.block(undefined);
        break;
      case 'wait':
        for (const end = cluster.nowMs + step.ms; cluster.nowMs < end; ) {
          cluster.run(Math.min(end, cluster.nowMs + 1000));
          this.#checkMarks();
        }
        break;
    }
  }

  /** Reads the keys that an event names, as a watch does. */
  watch(node: number, name: string, id: number, keys: readonly string[]): void {
    const { self, view } = this.#cluster.core(node);
    const place = `${node} ${self.gen} ${name}`;
    const seen = this.#watched.get(place) ?? new Map<string, Uint8Array>();
    this.#watched.set(place, seen);
    for (const key of keys) {
      const value = view.of(id)?.kv.entries.get(key)?.value;
      if (value === undefined) seen.delete(key);
      else seen.set(key, value);
    }
  }

  /** Who is forgotten begins anew. */
  forget(node: number, name: string): void {
    this.#marks.delete(`${node} ${this.#cluster.core(node).self.gen} ${name}`);
  }

  finish(): void {
    const cluster = this.#cluster;
    cluster.block(undefined);
    cluster.setLink({ loss: 0, duplicate: 0, reorder: 0 });
    const up = this.#up();
    for (let round = 0; round < 3; round += 1) {
      for (const node of up) this.#reintroduce(node, up[(up.indexOf(node) + 1) % up.length] as number);
      cluster.run(cluster.nowMs + QUIET_MS / 3);
      this.#checkMarks();
    }
    for (const node of up) this.#checkNode(node, up);
  }

  /** What a list of seeds does for members who forgot each other; whoever knows the other gets on by itself. */
  #reintroduce(node: number, other: number): void {
    const cluster = this.#cluster;
    if (cluster.core(node).view.of(cluster.core(other).self.id) === undefined) cluster.introduce(node, other);
  }

  /** Sets more than a datagram holds, or as many keys as a member may have. */
  #fill(core: GossipCore, { count, bytes, isLazy }: Step & { readonly type: 'fill' }): void {
    this.#value = (this.#value + 1) % 128;
    const value = new Uint8Array(bytes).fill(this.#value);
    for (let key = 0; key < count; key += 1) if (!change(core, `fill-${key}`, value, isLazy)) return;
  }

  #up(): number[] {
    return Array.from({ length: this.#cluster.size }, (_, node) => node).filter(
      (node) => this.#cluster.isUp(node) && !this.#left.has(node),
    );
  }

  /** What a node knows of another grows: generation, then what was forgotten, then what is complete. */
  #checkMarks(): void {
    for (const node of this.#up()) {
      const { view, self } = this.#cluster.core(node);
      for (const [, { item, kv }] of view.records()) {
        const name = `${node} ${self.gen} ${item.name}`;
        const before = this.#marks.get(name);
        const mark = [item.gen, kv.gc, kv.max] as const;
        if (before !== undefined && compare(mark, before) < 0)
          this.#problems.push(
            `what node ${node} knows of ${item.name} shrank: ${before.join('/')} to ${mark.join('/')}`,
          );
        this.#marks.set(name, mark);
      }
    }
  }

  #checkNode(node: number, up: readonly number[]): void {
    const core = this.#cluster.core(node);
    const names = new Map(up.map((other) => [this.#cluster.core(other).self.name, other]));
    const { view } = core;
    const first = this.#cluster.core(up[0] as number).view;
    if (view.rootLow !== first.rootLow || view.rootHigh !== first.rootHigh)
      this.#problems.push(`node ${node} has another digest than node ${up[0]}`);
    for (const name of names.keys()) {
      const known = [...view.records()].find(([, { item }]) => item.name === name)?.[1];
      if (known === undefined) {
        this.#problems.push(`node ${node} does not know ${name}`);
        continue;
      }
      const own = this.#cluster.core(names.get(name) as number);
      if (known.item.status !== 0 || known.item.gen !== own.self.gen)
        this.#problems.push(
          `node ${node} has ${name} as ${known.item.status} of generation ${known.item.gen}`,
        );
      const truth = shown(own.view.of(own.self.id)?.kv.entries);
      const watched = [...(this.#watched.get(`${node} ${core.self.gen} ${name}`) ?? [])];
      const followed = shown(new Map(watched.map(([key, value]) => [key, { value }])));
      if (followed !== truth)
        this.#problems.push(
          `who watches keys of ${name} on node ${node} has seen: ${followed} instead of ${truth}`,
        );
      const seen = shown(known.kv.entries);
      if (truth !== seen)
        this.#problems.push(`node ${node} has keys of ${name}: ${seen} instead of ${truth}`);
    }
    for (const [, { item }] of view.records())
      if (item.status === 0 && !names.has(item.name))
        this.#problems.push(`node ${node} has ${item.name} alive`);
  }
}

/** Changes a key; tells whether it may, which it may not at the limit of keys. */
function change(core: GossipCore, key: string, value: Uint8Array | undefined, isLazy: boolean): boolean {
  try {
    core.change(key, value, isLazy ? 'lazy' : 'eager');
    return true;
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_INVALID')) return false;
    throw error;
  }
}

function shown(entries: ReadonlyMap<string, { readonly value: Uint8Array | undefined }> | undefined): string {
  return [...(entries ?? [])]
    .filter(([, { value }]) => value !== undefined)
    .map(([key, { value }]) => `${key}=${value?.[0]}`)
    .sort((left, right) => (left < right ? -1 : 1))
    .join(' ');
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0;
    if (value !== other) return value - other;
  }
  return 0;
}
