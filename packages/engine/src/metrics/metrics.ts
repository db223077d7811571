/**
 * What the parts of a store measure with: its name for messages, its clock, and the latencies that are always kept.
 *
 * Invariants:
 * - What is always measured happens at the rate of commits and requests. Reads from memory are timed only while somebody
 *   listens (see `channels.ts`).
 */
import { type Clock, LatencyHistogram, type LatencySummary } from '@clortho/base';

const KINDS = [
  'commit',
  'objectGet',
  'objectPut',
  'objectHead',
  'objectDelete',
  'objectList',
  'registerRead',
  'registerSwap',
  'registerList',
] as const;

/** What latencies are kept of. */
export type LatencyKind = (typeof KINDS)[number];

/**
 * How long commits and requests took since the store was opened, failed ones included. A commit is one group of batches,
 * from its upload until it is visible; a request is one call of a backend, its retries included; a list is what
 * its pages took together.
 */
export type LatencyStats = Readonly<Record<LatencyKind, LatencySummary>>;

const NOTHING: LatencySummary = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };

/** See the module. */
export class Metrics {
  /** The name of the store. */
  readonly store: string;
  readonly clock: Clock;
  readonly #histograms = new Map<LatencyKind, LatencyHistogram>();

  /** Creates metrics that know nothing yet. */
  constructor(store: string, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Keeps a latency. */
  record(kind: LatencyKind, ms: number): void {
    let histogram = this.#histograms.get(kind);
    if (histogram === undefined) {
      histogram = new LatencyHistogram();
      this.#histograms.set(kind, histogram);
    }
    histogram.record(ms);
  }

  /** Returns what the latencies come to. */
  get latencies(): LatencyStats {
    const summaries = KINDS.map((kind) => [kind, this.#histograms.get(kind)?.summary() ?? NOTHING] as const);
    return Object.fromEntries(summaries) as LatencyStats;
  }
}
