/**
 * One run of a simulated cluster that answers the questions one has about gossip: how fast does news travel, how fast is a
 * crash seen, is anybody wrongly thought dead, what does it cost.
 *
 *     0 ──── idle ────► rumour ────────► crash ──────────────► end
 *
 * Invariants:
 * - Equal options give equal reports.
 */
import { randomBelow, randomFraction, seededRandom } from '@clortho/base';
import type { CoreEvent } from '../core/core-host.ts';
import type { Tuning } from '../core/tuning.ts';
import type { LinkOptions } from './link.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

/** What to run. */
export interface ExperimentOptions {
  readonly nodes: number;
  readonly seconds: number;
  readonly seed: number;
  readonly link?: Partial<LinkOptions> | undefined;
  readonly tuning?: Partial<Tuning> | undefined;
  /** When a node sets an eager key; never by default. */
  readonly rumourAtMs?: number | undefined;
  /** When a node crashes; never by default. */
  readonly crashAtMs?: number | undefined;
  /** The part of the nodes that stand still for up to `pauseMsMax` again and again. */
  readonly pausing?: number | undefined;
  /** The longest such pause; 2,000 by default. */
  readonly pauseMsMax?: number | undefined;
  /** Eager changes per second, at random nodes. */
  readonly changesPerSecond?: number | undefined;
  /** Whether to end as soon as rumour and crash are known everywhere. */
  readonly endsEarly?: boolean | undefined;
}

/** What came out. Times in milliseconds since the cause; `undefined` where it did not come that far. */
export interface ExperimentReport {
  readonly nodes: number;
  readonly seconds: number;
  readonly seed: number;
  /** When half of the nodes and all of them knew the rumour. */
  readonly rumourHalfMs: number | undefined;
  readonly rumourAllMs: number | undefined;
  /** How many nodes knew it at 0, 10, 20, … ms. */
  readonly rumourCurve: readonly number[];
  readonly suspectFirstMs: number | undefined;
  readonly suspectAllMs: number | undefined;
  readonly deadFirstMs: number | undefined;
  readonly deadAllMs: number | undefined;
  /** Nodes that were up and suspected, or thought dead, by anybody. */
  readonly falseSuspects: number;
  readonly falseDeaths: number;
  /** Bytes per node and second in datagrams: before rumour and crash, in all, and the most of any node in a second. */
  readonly idleBytesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly bytesPerSecondMax: number;
  readonly events: number;
}

const CURVE_STEP_MS = 10;
const RUMOUR_KEY = 'rumour';
const PAUSE_GAP_MS = 4_000;
const PAUSE_MS_MAX = 2_000;

/** Runs an experiment. */
export function runExperiment(options: ExperimentOptions): ExperimentReport {
  const { nodes, seconds, seed, rumourAtMs, crashAtMs, link, tuning } = options;
  const random = seededRandom(seed ^ 0x5bd1e995);
  const rumourer = randomBelow(random, nodes);
  const victim = (rumourer + 1 + randomBelow(random, nodes - 1)) % nodes;
  const heard = new Arrivals(nodes);
  const suspected = new Arrivals(nodes);
  const dead = new Arrivals(nodes);
  const falseSuspects = new Set<string>();
  const falseDeaths = new Set<string>();
  let victimName = '';
  const onEvent = (node: number, event: CoreEvent, timeMs: number): void => {
    if (event.type === 'update' && event.keys[0] === RUMOUR_KEY) heard.note(node, timeMs);
    if (event.type !== 'suspect' && event.type !== 'dead') return;
    const { name, gen, inc } = event.member;
    if (name === victimName) (event.type === 'dead' ? dead : suspected).note(node, timeMs);
    else (event.type === 'dead' ? falseDeaths : falseSuspects).add(`${name} ${gen} ${inc}`);
  };
  const cluster = new SimulatedCluster({ nodes, seed, link, tuning, onEvent });
  if (rumourAtMs !== undefined)
    cluster.at(rumourAtMs, () => cluster.core(rumourer).change(RUMOUR_KEY, new Uint8Array([1]), 'eager'));
  if (crashAtMs !== undefined) {
    cluster.at(crashAtMs, () => {
      victimName = cluster.core(victim).self.name;
      cluster.crash(victim);
    });
  }
  let idleBytes = 0;
  const idleMs = Math.min(rumourAtMs ?? Infinity, crashAtMs ?? Infinity, seconds * 1000);
  cluster.at(idleMs, () => {
    idleBytes = cluster.traffic.bytes;
  });
  pauseNodes(cluster, options);
  changeKeys(cluster, options);
  const isDone = (): boolean =>
    (rumourAtMs === undefined || heard.count === nodes) &&
    (crashAtMs === undefined || dead.count === nodes - 1);
  cluster.run(seconds * 1000, options.endsEarly === true ? isDone : undefined);
  const perNode = (bytes: number, ms: number): number => (bytes * 1000) / ms / nodes;
  return {
    nodes,
    seconds,
    seed,
    rumourHalfMs: heard.since(rumourAtMs, Math.ceil(nodes / 2)),
    rumourAllMs: heard.since(rumourAtMs, nodes),
    rumourCurve: heard.curve(rumourAtMs),
    suspectFirstMs: suspected.since(crashAtMs, 1),
    suspectAllMs: suspected.since(crashAtMs, nodes - 1),
    deadFirstMs: dead.since(crashAtMs, 1),
    deadAllMs: dead.since(crashAtMs, nodes - 1),
    falseSuspects: falseSuspects.size,
    falseDeaths: falseDeaths.size,
    idleBytesPerSecond: perNode(idleBytes, idleMs),
    bytesPerSecond: perNode(cluster.traffic.bytes, cluster.nowMs),
    bytesPerSecondMax: cluster.traffic.mostPerSecond,
    events: cluster.handled,
  };
}

/** When something reached each node first. */
class Arrivals {
  readonly #seen: Uint8Array;
  readonly #times: number[] = [];

  constructor(nodes: number) {
    this.#seen = new Uint8Array(nodes);
  }

  get count(): number {
    return this.#times.length;
  }

  note(node: number, timeMs: number): void {
    if (this.#seen[node] !== 0) return;
    this.#seen[node] = 1;
    this.#times.push(timeMs);
  }

  since(startMs: number | undefined, count: number): number | undefined {
    const time = this.#times[count - 1];
    return startMs === undefined || time === undefined ? undefined : time - startMs;
  }

  curve(startMs: number | undefined): number[] {
    const curve: number[] = [];
    if (startMs === undefined) return curve;
    for (const [index, time] of this.#times.entries()) {
      const step = Math.ceil((time - startMs) / CURVE_STEP_MS);
      while (curve.length < step) curve.push(index);
      curve[step] = index + 1;
    }
    return curve;
  }
}

function pauseNodes(cluster: SimulatedCluster, options: ExperimentOptions): void {
  const { nodes, seconds, seed, pausing = 0, pauseMsMax = PAUSE_MS_MAX } = options;
  const random = seededRandom(seed ^ 0x2545f491);
  for (let paused = 0; paused < Math.round(nodes * pausing); paused += 1) {
    const node = randomBelow(random, nodes);
    for (let at = PAUSE_GAP_MS * randomFraction(random); at < seconds * 1000; ) {
      const ms = pauseMsMax * randomFraction(random);
      cluster.at(at, () => cluster.pause(node, ms));
      at += ms + PAUSE_GAP_MS * randomFraction(random);
    }
  }
}

function changeKeys(cluster: SimulatedCluster, options: ExperimentOptions): void {
  const { nodes, seconds, seed, changesPerSecond = 0 } = options;
  const random = seededRandom(seed ^ 0x1b873593);
  for (let change = 0; change < changesPerSecond * seconds; change += 1) {
    const node = randomBelow(random, nodes);
    const value = new Uint8Array([change & 0x7f]);
    cluster.at((change * 1000) / changesPerSecond, () =>
      cluster.core(node).change(`key-${change % 8}`, value, 'eager'),
    );
  }
}
