/**
 * A cloud with the delays of the real one, modelled: what a request takes, and what it costs.
 *
 *     GET 15 ms + 80 MB/s        PUT, LIST, DELETE 60 ms        register 8 ms
 *
 * Stores are loaded without delays; they count from when the cloud is made slow.
 */
import type { Driver } from '../driver.ts';

/** Until the first byte of an object. */
const GET_MS = 15;
/** What a stream of bytes brings after that. */
const GET_BYTES_PER_MS = 80_000;
/** Of everything else that is asked of objects. */
export const PUT_MS = 60;
/** Of reading or swapping registers. */
export const REGISTER_MS = 8;

/** What was asked of a cloud. */
export interface CloudRequests {
  /** GET and HEAD. */
  readonly gets: number;
  /** PUT, POST and LIST, which cost the same. */
  readonly puts: number;
  /** DELETE, which costs nothing. */
  readonly deletes: number;
  readonly registerReads: number;
  readonly registerWrites: number;
  /** Of objects that were read. */
  readonly bytesGot: number;
}

/** A store in a cloud, and the cloud. */
export interface CloudStore {
  /** Opens the store with so many bytes of memory or disk for what it reads, metadata included; `undefined` if it cannot. */
  open(cache: CloudCache): Promise<Driver | undefined>;
  /** Whether requests take their time from now on. */
  setSlow(isSlow: boolean): Promise<void>;
  /** Returns what was asked so far. */
  requests(): Promise<CloudRequests>;
  close(): Promise<void>;
}

/** What a store may keep of the cloud: everything, metadata alone, or so many bytes in all. */
export type CloudCache = 'everything' | 'metadata' | number;

/** Returns how long a GET of so many bytes takes. */
export function getMs(bytes: number): number {
  return GET_MS + bytes / GET_BYTES_PER_MS;
}

const DOLLARS_PER_GET = 0.4e-6;
const DOLLARS_PER_PUT = 5e-6;
const DOLLARS_PER_REGISTER_READ = 0.125e-6;
const DOLLARS_PER_REGISTER_WRITE = 0.625e-6;

/** Returns what the requests cost in us-east-1, each register being one unit of DynamoDB on demand. */
export function dollarsOf({ gets, puts, registerReads, registerWrites }: CloudRequests): number {
  return (
    gets * DOLLARS_PER_GET +
    puts * DOLLARS_PER_PUT +
    registerReads * DOLLARS_PER_REGISTER_READ +
    registerWrites * DOLLARS_PER_REGISTER_WRITE
  );
}

/** Returns what was asked from `before` to `after`. */
export function requestsBetween(before: CloudRequests, after: CloudRequests): CloudRequests {
  const counts = Object.keys(after) as (keyof CloudRequests)[];
  return Object.fromEntries(
    counts.map((count) => [count, after[count] - before[count]]),
  ) as unknown as CloudRequests;
}

/** Returns how many requests these are. */
export function countOf({ gets, puts, deletes, registerReads, registerWrites }: CloudRequests): number {
  return gets + puts + deletes + registerReads + registerWrites;
}
