/**
 * Runs workloads one after the other on the rows of the bench, which are loaded first unless they are there.
 *
 * Invariants:
 * - Workloads take turns with compaction: each begins when the merges that the last one caused are done, or a minute later.
 */
import { type Clock, type LatencySummary, seededRandom } from '@clortho/base';
import type { FamilyHandle, Store, StoreLocation } from '@clortho/engine';
import type { Progress, ProgressOptions } from '../output/progress.ts';
import { noteLoad, usableLoad } from './bench-family.ts';
import { bytesIn, dollarsOf, requestsIn, trafficBetween } from './requests.ts';
import { type CallersOptions, type CallersResult, runCallers } from './run-callers.ts';
import {
  BATCH_ROWS,
  BATCHES_IN_FLIGHT,
  type BenchContext,
  loading,
  type TimedName,
  WORKLOADS,
  type Workload,
  type WorkloadName,
} from './workloads.ts';

/** What to measure, and on what. */
export interface BenchOptions {
  readonly store: Store;
  readonly family: FamilyHandle;
  readonly location: StoreLocation;
  readonly clock: Clock;
  readonly entries: number;
  readonly seconds: number;
  readonly callers: number;
  readonly seed: number;
  /** The workloads; rows that are missing are loaded in any case. */
  readonly only: readonly WorkloadName[];
  readonly progress: (options: ProgressOptions) => Progress;
}

/** What a workload came to. An op is a call: a batch of a load, all the keys of a getMany, a whole scan. */
export interface WorkloadResult extends Pick<LatencySummary, 'p50Ms' | 'p99Ms' | 'maxMs'> {
  readonly name: WorkloadName;
  readonly title: string;
  readonly ops: number;
  readonly rows: number;
  readonly ms: number;
  readonly opsPerSecond: number;
  readonly rowsPerSecond: number;
  /** With those of compaction meanwhile. */
  readonly requestsPerOp: number;
  readonly bytesPerOp: number;
  /** On S3 only: of the requests, at list prices. */
  readonly dollarsPerMillionOps?: number | undefined;
}

const REST_LOOK_MS = 20;
const REST_LOOKS = 5;
const REST_MS_MAX = 60_000;

/** See the module. */
export async function runBench(options: BenchOptions): Promise<readonly WorkloadResult[]> {
  const { family, clock, entries, seed, only } = options;
  const results: WorkloadResult[] = [];
  const isLoadWanted = only.includes('load');
  const found = isLoadWanted ? undefined : await usableLoad(family, { entries, seed }, clock.now() / 1000);
  let loadedAt = found?.loadedAt;
  if (loadedAt === undefined) {
    const load = await loadRows(options);
    loadedAt = load.loadedAt;
    results.push(load.result);
  }
  for (const name of only) if (name !== 'load') results.push(await runTimed(options, loadedAt, name));
  return results;
}

async function loadRows(
  options: BenchOptions,
): Promise<{ readonly loadedAt: number; readonly result: WorkloadResult }> {
  const { store, clock, entries, seed } = options;
  const random = seededRandom(seed);
  await noteLoad(store, { entries, seed });
  let loadedAt = 0;
  const call = loading({ store, random, entries }, (timestamp) => {
    loadedAt = Math.max(loadedAt, timestamp);
  });
  const progress = options.progress({ title: 'load', unit: 'rows', total: entries });
  const how = {
    clock,
    callers: BATCHES_IN_FLIGHT,
    ms: Number.POSITIVE_INFINITY,
    callsMost: Math.ceil(entries / BATCH_ROWS),
    timedEvery: 1,
    onProgress: (calls: number) => progress.update(Math.min(entries, calls * BATCH_ROWS)),
  };
  const result = await measured(options, 'load', 'load', () =>
    runCallers(how, call).finally(() => progress.stop()),
  );
  await noteLoad(store, { entries, seed }, loadedAt);
  return { loadedAt, result };
}

async function runTimed(options: BenchOptions, loadedAt: number, name: TimedName): Promise<WorkloadResult> {
  const { store, family, clock, entries, seconds, seed, callers } = options;
  const workload: Workload = WORKLOADS[name];
  await comeToRest(store, clock);
  const context: BenchContext = { store, family, random: seededRandom(seed), entries, loadedAt };
  const call = workload.prepare(context);
  const totalMs = seconds * 1000;
  const progress = options.progress({ title: workload.title, unit: 'ms', total: totalMs });
  const how: CallersOptions = {
    clock,
    callers: Math.min(callers, workload.callersMost ?? callers),
    ms: totalMs,
    timedEvery: workload.timedEvery ?? 1,
    onProgress: (_, ms) => progress.update(Math.min(totalMs, Math.round(ms))),
  };
  return measured(options, name, workload.title, () => runCallers(how, call).finally(() => progress.stop()));
}

async function measured(
  { store, location }: BenchOptions,
  name: WorkloadName,
  title: string,
  run: () => Promise<CallersResult>,
): Promise<WorkloadResult> {
  const before = await store.stats();
  const { calls: ops, rows, ms, latencies } = await run();
  const traffic = trafficBetween(before, await store.stats());
  const { p50Ms, p99Ms, maxMs } = latencies.summary();
  const dollars = dollarsOf(traffic, location);
  return {
    name,
    title,
    ops,
    rows,
    ms,
    opsPerSecond: (1000 * ops) / ms,
    rowsPerSecond: (1000 * rows) / ms,
    p50Ms,
    p99Ms,
    maxMs,
    requestsPerOp: requestsIn(traffic) / ops,
    bytesPerOp: bytesIn(traffic) / ops,
    dollarsPerMillionOps: dollars === undefined ? undefined : (1e6 * dollars) / ops,
  };
}

/** Waits until nothing is merged. */
async function comeToRest(store: Store, clock: Clock): Promise<void> {
  const end = clock.monotonic() + REST_MS_MAX;
  for (let calm = 0; calm < REST_LOOKS && clock.monotonic() < end; calm += 1) {
    if ((await store.stats()).compaction.running.length > 0) calm = 0;
    await clock.sleep(REST_LOOK_MS);
  }
}
