/**
 * What the bench measures. Every workload is a call that callers repeat; reads check that rows which were loaded are there.
 *
 *     A  50 read 50 update      C  100 read                       of YCSB, choices zipfian with theta 0.99
 *     B  95 read  5 update      F   50 read 50 read-modify-write
 */
import { ClorthoError, type Random, randomBelow, randomFraction, zipf } from '@clortho/base';
import { type FamilyHandle, NOT_RESIDENT, type Operation, type Store } from '@clortho/engine';
import { BENCH_FAMILY } from './bench-family.ts';
import { KEY_PREFIX, keyOf, valueOf } from './rows.ts';
import type { Call } from './run-callers.ts';

/** What workloads work on. */
export interface BenchContext {
  readonly store: Store;
  readonly family: FamilyHandle;
  readonly random: Random;
  readonly entries: number;
  /** The timestamp of the last batch that was loaded. */
  readonly loadedAt: number;
}

/** A workload. */
export interface Workload {
  readonly title: string;
  /** How many callers of those asked for there are; all by default. */
  readonly callersMost?: number;
  /** One call of so many is timed; every one by default. Looking at the clock takes longer than some answers. */
  readonly timedEvery?: number;
  readonly prepare: (context: BenchContext) => Call;
}

const TIMED = [
  'get',
  'peek',
  'get-many',
  'scan',
  'scan-50',
  'ycsb-a',
  'ycsb-b',
  'ycsb-c',
  'ycsb-f',
  'as-of',
] as const;

/** The name of a workload that runs for a while. */
export type TimedName = (typeof TIMED)[number];
/** The name of a workload. */
export type WorkloadName = 'load' | TimedName;
/** All names, in the order in which they run. */
export const WORKLOAD_NAMES: readonly WorkloadName[] = ['load', ...TIMED];

/** Rows of a batch. */
export const BATCH_ROWS = 1000;
/** Batches that are on their way at the same time. */
export const BATCHES_IN_FLIGHT = 8;

const MANY = 100;
const SCAN_ROWS = 50;

/** The workloads that run for a while, by the names that `--only` takes. */
export const WORKLOADS: Readonly<Record<TimedName, Workload>> = {
  get: {
    title: 'get',
    timedEvery: 8,
    prepare: ({ family, random, entries }) => {
      return async () => present(await family.get(keyOf(randomBelow(random, entries))));
    },
  },
  peek: {
    title: 'peek',
    callersMost: 1,
    timedEvery: 16,
    prepare: ({ family, random, entries }) => {
      return () => {
        const key = keyOf(randomBelow(random, entries));
        const value = family.peek(key);
        return value === NOT_RESIDENT ? family.get(key).then(present) : present(value);
      };
    },
  },
  'get-many': {
    title: `getMany(${MANY})`,
    callersMost: 8,
    prepare: ({ family, random, entries }) => {
      return async () => {
        const keys = Array.from({ length: MANY }, () => keyOf(randomBelow(random, entries)));
        const values = await family.getMany(keys);
        return values.reduce((sum, value) => sum + present(value), 0);
      };
    },
  },
  scan: {
    title: 'scan of all',
    callersMost: 1,
    prepare: ({ family, entries }) => {
      return async () => {
        let rows = 0;
        for await (const _ of family.scan({ prefix: KEY_PREFIX })) rows += 1;
        if (rows !== entries) throw wrong(`rows=${rows} expected=${entries}`);
        return rows;
      };
    },
  },
  'scan-50': {
    title: `scan of ${SCAN_ROWS}`,
    prepare: ({ family, random, entries }) => {
      return async () => {
        const first = randomBelow(random, entries);
        let rows = 0;
        for await (const _ of family.scan({ gte: keyOf(first), limit: SCAN_ROWS })) rows += 1;
        const expected = Math.min(SCAN_ROWS, entries - first);
        if (rows !== expected) throw wrong(`rows=${rows} expected=${expected}`);
        return rows;
      };
    },
  },
  'ycsb-a': { title: 'YCSB A', prepare: (context) => ycsb(context, 0.5, update) },
  'ycsb-b': { title: 'YCSB B', prepare: (context) => ycsb(context, 0.05, update) },
  'ycsb-c': { title: 'YCSB C', prepare: (context) => ycsb(context, 0, update) },
  'ycsb-f': { title: 'YCSB F', prepare: (context) => ycsb(context, 0.5, readThenUpdate) },
  'as-of': {
    title: 'get asOf',
    prepare: ({ family, random, entries, loadedAt: asOf }) => {
      return async () => present(await family.get(keyOf(randomBelow(random, entries)), { asOf }));
    },
  },
};

/** Returns the call that writes a batch of the rows. `onCommit` gets its timestamp. */
export function loading(
  { store, random, entries }: Pick<BenchContext, 'store' | 'random' | 'entries'>,
  onCommit: (timestamp: number) => void,
): Call {
  return async (number) => {
    const first = number * BATCH_ROWS;
    const rows = Math.min(BATCH_ROWS, entries - first);
    const batch = Array.from({ length: rows }, (_, row): Operation => {
      return { type: 'put', key: keyOf(first + row), value: valueOf(random), family: BENCH_FAMILY };
    });
    onCommit((await store.write(batch)).timestamp);
    return rows;
  };
}

type Step = (context: BenchContext, key: Uint8Array) => Promise<number>;

function ycsb(context: BenchContext, share: number, seldom: Step): Call {
  const { family, random, entries } = context;
  const choice = zipf(entries, random);
  return async () => {
    const key = keyOf(choice());
    if (randomFraction(random) < share) return seldom(context, key);
    return present(await family.get(key));
  };
}

async function update({ family, random }: BenchContext, key: Uint8Array): Promise<number> {
  await family.put(key, valueOf(random));
  return 1;
}

async function readThenUpdate(context: BenchContext, key: Uint8Array): Promise<number> {
  present(await context.family.get(key));
  return update(context, key);
}

function present(value: Uint8Array | undefined): number {
  if (value === undefined) throw wrong('a row is missing');
  return 1;
}

function wrong(problem: string): ClorthoError {
  return new ClorthoError('CLORTHO_CORRUPT', `what was loaded is not what is read: ${problem}`);
}
