/**
 * A host whose store compacts beside it: how late its event loop is.
 *
 *     load, nothing compacts │ at rest: the same small work        │ compacting: until nothing is under way
 *                            │ ▁▁▁▁▁▁▁▁▁▁▁▁▁ delays of the loop    │ ▁▂▁▁▃▁▁▂▁ delays of the loop
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { randomBelow, seededRandom, systemClock } from '@clortho/base';
import { open, type Store } from '@clortho/engine';
import { keyOf, valueOf } from '../workload/rows.ts';
import { beSubject } from '../workload/subject.ts';

/** What is loaded. */
export interface LoopSetup {
  readonly seed: number;
  readonly rows: number;
}

/** How late the loop was, in milliseconds. */
export interface LoopDelays {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly seconds: number;
}

/** What a round came to. */
export interface LoopRound {
  readonly atRest: LoopDelays;
  readonly compacting: LoopDelays;
  readonly jobs: number;
  readonly bytesMerged: number;
}

/** A timer of this period is watched: what it is late by is the delay. */
const RESOLUTION_MS = 1;
const NANOS_PER_MS = 1e6;
const ROWS_PER_BATCH = 1000;
const REST_MS = 4000;
const READ_EVERY_MS = 5;
const READS_PER_WRITE = 10;

await beSubject(async (setup) => ({
  async round(): Promise<LoopRound> {
    const { seed, rows } = setup as LoopSetup;
    const folder = mkdtempSync(join(tmpdir(), 'clortho-bench-'));
    try {
      const random = seededRandom(seed);
      const idle = await open(`file:${folder}`, { compaction: 'manual' });
      for (let row = 0; row < rows; row += ROWS_PER_BATCH) {
        await idle.write(
          Array.from({ length: Math.min(ROWS_PER_BATCH, rows - row) }, () => ({
            type: 'put' as const,
            key: keyOf(randomBelow(random, rows)),
            value: valueOf(random),
          })),
        );
      }
      const restEnd = systemClock.monotonic() + REST_MS;
      const atRest = await delaysWhile(() => systemClock.monotonic() < restEnd, idle, rows);
      await idle.close();
      const store = await open(`file:${folder}`);
      const compacting = await delaysWhile(() => isCompacting(store), store, rows);
      const { jobs, bytesWritten } = (await store.stats()).compaction;
      await store.close();
      return { atRest, compacting, jobs, bytesMerged: bytesWritten };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  end: async () => undefined,
}));

/** Does small work as long as `goesOn`, and returns how late the loop was meanwhile. */
async function delaysWhile(
  goesOn: () => boolean | Promise<boolean>,
  store: Store,
  rows: number,
): Promise<LoopDelays> {
  const random = seededRandom(rows);
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const began = systemClock.monotonic();
  histogram.enable();
  for (let reads = 0; await goesOn(); reads += 1) {
    await systemClock.sleep(READ_EVERY_MS);
    await store.get(keyOf(randomBelow(random, rows)));
    if (reads % READS_PER_WRITE === 0) await store.put(keyOf(randomBelow(random, rows)), valueOf(random));
  }
  histogram.disable();
  const lateMs = (nanos: number): number => Math.max(0, nanos / NANOS_PER_MS - RESOLUTION_MS);
  return {
    p50: lateMs(histogram.percentile(50)),
    p99: lateMs(histogram.percentile(99)),
    longest: lateMs(histogram.max),
    seconds: (systemClock.monotonic() - began) / 1000,
  };
}

async function isCompacting(store: Store): Promise<boolean> {
  const { running, jobs } = (await store.stats()).compaction;
  return running.length > 0 || jobs === 0;
}
