/**
 * The store of the demo: its families, its shards, and how far it is filled.
 *
 *     flights    log   one row per flight, statistics of the delay
 *     airports   kv    one row per airport, merged by the operator of airport-state; behind them, one row that says
 *                      how many rows of the source were consumed
 *
 * The row of progress shares a family with the airports, because every family that a commit touches costs a file.
 */
import { ClorthoError, decodeUtf8, isClorthoError } from '@clortho/base';
import {
  type FamilyOptions,
  type OpenOptions,
  open,
  parseStoreUrl,
  type Store,
  type Tuning,
} from '@clortho/engine';
import { airportOperator } from './airport-state.ts';
import { DELAY_COLUMN } from './flight-record.ts';

/** The family of the flights. */
export const FLIGHTS = 'flights';
/** The family of the airports' states. */
export const AIRPORTS = 'airports';
/** The key of the number of rows consumed. Codes of airports are upper case: all of them lie below. */
export const PROGRESS_KEY = 'progress';
/** The name of the statistics kept of the delay. */
export const DELAY_STATISTIC = 'delay';

/** These keys cut the departures of the first half of 2001 into four nearly equal parts. */
const SPLIT_KEYS = ['DFW', 'LB', 'PHM'];

/**
 * A commit holds an hour or two and merges are cheapest by the day: one merge takes the runs of a day, and history is
 * kept in buckets of a day.
 */
const tuning: Tuning = { deltaRuns: 11, historyBucketMs: 24 * 60 * 60 * 1000 };

const families: Readonly<Record<string, FamilyOptions>> = {
  [FLIGHTS]: { kind: 'log', statistics: [{ type: 'minMax', name: DELAY_STATISTIC, column: DELAY_COLUMN }] },
  [AIRPORTS]: {
    merge: {
      module: new URL('./airport-state.js', import.meta.url).href,
      export: 'airportOperator',
      name: airportOperator.name,
      version: airportOperator.version,
    },
  },
};

/** Opens the store at `url` with the demo's families; one that exists keeps its shards. */
export async function openFlightStore(url: string, options: OpenOptions): Promise<Store> {
  const flightOptions: OpenOptions = { ...options, time: 'external', families, tuning };
  try {
    return await open(url, { ...flightOptions, create: 'never' });
  } catch (error) {
    if (!isClorthoError(error, 'CLORTHO_NOT_FOUND')) throw error;
  }
  const location = parseStoreUrl(url);
  // Registers on S3 take one change at a time, which is enough for one shard only.
  const hasOneShard = location.kind === 's3' && location.table === undefined;
  return open(url, { ...flightOptions, ...(hasOneShard ? {} : { shards: SPLIT_KEYS }) });
}

/** How far a store is filled. */
export interface Progress {
  /** How many rows of the source it has taken in. */
  readonly rows: number;
  /** The version of the row that says so; `undefined` if there is none. */
  readonly version: number | undefined;
}

/** Returns how far the store is filled. */
export async function readProgress(store: Store): Promise<Progress> {
  const range = { gte: PROGRESS_KEY, lte: PROGRESS_KEY };
  for await (const { value, timestamp } of store.scan({ ...range, family: AIRPORTS, atLeast: 'latest' })) {
    const rows = Number(decodeUtf8(value));
    if (Number.isSafeInteger(rows) && rows > 0) return { rows, version: timestamp };
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `the store was not filled by the demo: key=${PROGRESS_KEY} at=${store.name}`,
    );
  }
  return { rows: 0, version: undefined };
}
