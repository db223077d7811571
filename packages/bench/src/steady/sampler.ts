/** What a store is like, every second. */
import { systemClock } from '@clortho/base';
import type { Store } from '@clortho/engine';
import { percentile } from '../workload/statistics.ts';
import { LOG } from './mixed-writes.ts';
import type { WrittenBatch } from './writers.ts';

/** One second. */
export interface Sample {
  /** Runs that a point read of the newest state may have to look at: delta, and Current. */
  readonly runs: number;
  readonly logRuns: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly rows: number;
  /** Of the writes that ended in this second. */
  readonly latencyMs: number;
  readonly latencyMsMax: number;
  /** What back-pressure held commits back, in all so far. */
  readonly delayMs: number;
}

const SECOND_MS = 1000;

/** Takes samples until it is stopped. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly #store: Store;
  #latencies: number[] = [];
  #rows = 0;

  /** Watches `store`. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** Notes a write that ended. */
  note({ latencyMs, rows }: WrittenBatch): void {
    this.#latencies.push(latencyMs);
    this.#rows += rows;
  }

  /** Takes a sample every second for `seconds`; calls `onSample` after each. */
  async run(seconds: number, onSample: (done: number) => void): Promise<void> {
    const began = systemClock.monotonic();
    for (let second = 1; second <= seconds; second += 1) {
      await systemClock.sleep(Math.max(0, began + second * SECOND_MS - systemClock.monotonic()));
      this.samples.push(await this.#take());
      onSample(second);
    }
  }

  async #take(): Promise<Sample> {
    const { shards, backPressure } = await this.#store.stats();
    const families = shards[0]?.families ?? [];
    const kv = families.find(({ family }) => family !== LOG);
    const log = families.find(({ family }) => family === LOG);
    const { rss, heapUsed, external } = process.memoryUsage();
    const latencies = this.#latencies;
    const rows = this.#rows;
    this.#latencies = [];
    this.#rows = 0;
    return {
      runs: (kv?.delta.runs ?? 0) + ((kv?.current.files ?? 0) > 0 ? 1 : 0),
      logRuns: log?.delta.runs ?? 0,
      rssBytes: rss,
      heapBytes: heapUsed + external,
      rows,
      latencyMs: percentile(latencies, 0.5),
      latencyMsMax: percentile(latencies, 1),
      delayMs: backPressure.delayMs + backPressure.stopMs,
    };
  }
}
