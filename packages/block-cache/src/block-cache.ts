/**
 * A cache of immutable blocks under a byte budget, with loads that are shared.
 *
 *     get --hit--> value
 *       |
 *      miss --> load --resident?--> value
 *                 |--in flight?---> the same promise
 *                 '--call the loader, keep what it returns (unless the key was deleted or set meanwhile)
 *
 * Keys are numbers, so that a lookup compares and allocates nothing. A store that caches blocks of many
 * files gives each file a range of keys, e.g. `file * 2 ** 21 + block`, and drops a file with one
 * {@link BlockCache.deleteRange}.
 *
 * There are no pins: a value is garbage collected, so whoever holds it may use it after its eviction.
 *
 * Invariants:
 * - The weights of cached values never sum to more than `bytesMax`; loads in flight do not count.
 * - At most one load per key is in flight that may still be kept.
 * - A value whose key was deleted during its load reaches its callers and not the cache.
 */
import { ClorthoError } from '@clortho/base';
import { s3Fifo } from './s3-fifo.ts';

/** How large the cache is and how it measures values. */
export interface BlockCacheOptions<V> {
  /** The most that cached values may weigh together, in bytes. 0 caches nothing; loads are shared all the same. */
  readonly bytesMax: number;
  /** Returns the weight of a value in bytes, overhead included: a positive integer, the same at every call. */
  readonly weigh: (value: V) => number;
  /** The most evicted keys that are remembered; by default as many as there are cached values. */
  readonly ghostEntriesMax?: number | undefined;
}

/** Counters since the creation of the cache, and its present size. */
export interface BlockCacheStats {
  /** Lookups, by `get` or `load`, that found a cached value. */
  readonly hits: number;
  /** Calls of `get` that found none. */
  readonly misses: number;
  /** Loaders called: calls of `load` that neither found a value nor joined a load in flight. */
  readonly loads: number;
  /** Values pushed out by others, not counting deleted and replaced ones. */
  readonly evictions: number;
  /** Values taken in, replacements included. */
  readonly inserted: number;
  /** The weight of all cached values. */
  readonly bytes: number;
  /** How many values are cached. */
  readonly entries: number;
  /** The budget. */
  readonly bytesMax: number;
}

/** A cache from integer keys to values that are never `undefined`; see {@link blockCache}. */
export interface BlockCache<V> {
  /** Returns the cached value itself (not a copy), or `undefined`. Allocates nothing. */
  get(key: number): V | undefined;
  /**
   * Returns the cached value, or calls `load` and caches what it returns. Concurrent calls for a key share
   * one load; a failed load is not remembered, so the next call tries again.
   *
   * @throws whatever `load` throws, in every call that shares it; `CLORTHO_INVALID` if the key is not a safe
   *   integer or the value's weight not a positive one.
   */
  load(key: number, load: () => Promise<V>): Promise<V>;
  /**
   * Caches `value`, unless it weighs more than the whole budget. A load of this key that is in flight will
   * not replace it.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the key is not a safe integer or the value's weight not a
   *   positive one.
   */
  set(key: number, value: V): void;
  /** Removes the key. A load of it that is in flight is returned to its callers and not cached. */
  delete(key: number): void;
  /** Removes all keys in `[first, end)`, as {@link BlockCache.delete} does. */
  deleteRange(first: number, end: number): void;
  /** Removes all keys, as {@link BlockCache.delete} does. The counters go on. */
  clear(): void;
  /** Returns the counters as of this call. */
  stats(): BlockCacheStats;
}

/**
 * Returns an empty cache that evicts by S3-FIFO: values that are read once, as by a scan, leave before
 * values that are read again.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if a limit is not a non-negative integer.
 */
export function blockCache<V>(options: BlockCacheOptions<V>): BlockCache<V> {
  const { bytesMax, weigh, ghostEntriesMax } = options;
  requireLimit('bytesMax', bytesMax);
  if (ghostEntriesMax !== undefined) requireLimit('ghostEntriesMax', ghostEntriesMax);
  const resident = s3Fifo<V>(bytesMax, ghostEntriesMax);
  const flights = new Map<number, Promise<V>>();
  let hits = 0;
  let misses = 0;
  let loads = 0;

  const startLoad = (key: number, load: () => Promise<V>): Promise<V> => {
    // Whoever removes the flight from the map (delete, set, clear) disowns it.
    const land = (): boolean => flights.get(key) === flight && flights.delete(key);
    const flight: Promise<V> = call(load).then(
      (value) => {
        if (land()) resident.set(key, value, weigh(value));
        return value;
      },
      (error: unknown) => {
        land();
        throw error;
      },
    );
    flights.set(key, flight);
    loads += 1;
    return flight;
  };

  return {
    get(key) {
      const value = resident.get(key);
      if (value === undefined) misses += 1;
      else hits += 1;
      return value;
    },
    load(key, load) {
      const value = resident.get(key);
      if (value === undefined) return flights.get(key) ?? startLoad(key, load);
      hits += 1;
      return Promise.resolve(value);
    },
    set(key, value) {
      resident.set(key, value, weigh(value));
      flights.delete(key);
    },
    delete(key) {
      resident.delete(key);
      flights.delete(key);
    },
    deleteRange(first, end) {
      resident.deleteRange(first, end);
      for (const key of flights.keys()) if (key >= first && key < end) flights.delete(key);
    },
    clear() {
      resident.clear();
      flights.clear();
    },
    stats: () => ({
      hits,
      misses,
      loads,
      evictions: resident.evictions,
      inserted: resident.inserted,
      bytes: resident.bytes,
      entries: resident.entries,
      bytesMax,
    }),
  };
}

// An async function turns a loader that throws at once into a rejected promise.
async function call<V>(load: () => Promise<V>): Promise<V> {
  return await load();
}

function requireLimit(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new ClorthoError('CLORTHO_INVALID', `a limit is a non-negative integer: ${name}=${value}`);
}
