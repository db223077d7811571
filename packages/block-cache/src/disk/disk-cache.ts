/**
 * A cache on disk for ranges of immutable objects: pages of one size in one file of fixed layout.
 *
 *     get / read ----> page-store ----> disk-access ----> the cache file
 *       |  missing       tags, slots,     breakers,         header | tags | slots
 *       v                checksums        reopening
 *     page-loader ---> page-writer --'
 *       one fetch        bounded queue
 *
 * The cache makes reads cheaper and never makes them fail: a disk that is full, broken, read-only or gone is a cache
 * that is empty. The reason is told once, through `onEvent`.
 *
 * Invariants:
 * - Bytes that are returned are those of the object, or the store of the objects is wrong.
 * - The cache file stays within `bytesMax`, at every moment.
 * - Opening reads one block, whatever the size.
 */
import { ClorthoError, concatBytes, EMPTY_BYTES, throwIfAborted } from '@clortho/base';
import { type CachePages, type DiskCacheOptions, openPages } from './open-pages.ts';
import { type CachedObject, type PageKey, pageKeys } from './page-key.ts';
import { type FetchRange, fetchExactly, pageLoader } from './page-loader.ts';
import { pageWriter } from './page-writer.ts';

/** Counters since the cache was opened, and what it can do at present. */
export interface DiskCacheStats {
  /** `on`, `read-only` while nothing is written, or `off` while nothing is read either. */
  readonly state: 'on' | 'read-only' | 'off';
  /** Pages that lookups found. */
  readonly hits: number;
  /** Pages that lookups did not find. */
  readonly misses: number;
  /** Calls of `fetch`. */
  readonly fetches: number;
  /** Bytes that `fetch` returned. */
  readonly bytesFetched: number;
  /** Bytes read from the cache file, checksums and tags included. */
  readonly bytesRead: number;
  /** Pages written. */
  readonly written: number;
  /** Bytes of these pages on disk, their headers included. */
  readonly bytesWritten: number;
  /** Pages pushed out by others. */
  readonly evictions: number;
  /** Pages not taken in because nobody had missed them before. */
  readonly refused: number;
  /** Pages not taken in because too many waited to be written. */
  readonly overflows: number;
  /** Pages that did not match their checksums: what bit rot, crashes and other processes left. */
  readonly damaged: number;
  /** Calls of the file system that failed. */
  readonly failures: number;
  /** Bytes that wait to be written. */
  readonly queuedBytes: number;
  /** The budget. */
  readonly bytesMax: number;
  /** How many bytes the cache file has once it is full; 0 if the budget has no room for a page. */
  readonly fileBytes: number;
}

/** Options of {@link DiskCache.warm}. */
export interface WarmOptions {
  /** The first byte to warm; 0 by default. */
  readonly offset?: number | undefined;
  /** How many bytes; to the end by default. */
  readonly length?: number | undefined;
  /** Stops between two fetches, with `CLORTHO_ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Ranges of immutable objects on disk; see {@link openDiskCache}. All calls may run concurrently, and those of other
 * processes too.
 *
 * Every call throws `CLORTHO_INVALID` for a range that is not within the object, and `CLORTHO_CLOSED` after `close`.
 * None throws because of the disk.
 */
export interface DiskCache {
  /** Returns a copy of `[offset, offset + length)` that the caller owns, or `undefined` if not all of it is cached. */
  get(object: CachedObject, offset: number, length: number): Promise<Uint8Array | undefined>;
  /**
   * Returns what {@link DiskCache.get} does, fetching the pages that are missing and writing them to the cache in the
   * background. Concurrent reads share fetches; those that are next to each other become one.
   *
   * `fetch` is asked for ranges of whole pages, within the object, or for just the range while the cache takes none in.
   *
   * @throws whatever `fetch` throws, to every caller that shares it; `CLORTHO_CORRUPT` if it returns another length.
   */
  read(object: CachedObject, offset: number, length: number, fetch: FetchRange): Promise<Uint8Array>;
  /**
   * Caches the pages that lie wholly within `bytes`, which begin at `offset` of the object and must not change until the
   * call resolves, to the number of bytes that are cached. What exceeds the queue is not.
   */
  put(object: CachedObject, offset: number, bytes: Uint8Array): Promise<number>;
  /**
   * Fetches what is missing of a range, a few pages at a time, and resolves once it is written, to the number of bytes
   * that were. Stops early when the cache takes nothing in.
   *
   * @throws as {@link DiskCache.read} does; `CLORTHO_ABORTED`.
   */
  warm(object: CachedObject, fetch: FetchRange, options?: WarmOptions): Promise<number>;
  /** Removes an object. Fetches of it that are in flight reach their callers and not the cache. */
  delete(object: CachedObject): Promise<void>;
  /** Resolves once every page that waits to be written has been, or has not been kept. */
  settled(): Promise<void>;
  /** Returns the counters as of this call. */
  stats(): DiskCacheStats;
  /** Gives up what waits to be written and closes the file. What is on disk serves the next who opens it. Idempotent. */
  close(): Promise<void>;
  /** Closes. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Warming fetches so many bytes at a time. */
const WARM_BYTES = 2 * 1024 * 1024;

/**
 * Opens the cache in a directory, making both as needed. If that fails the cache is off for a while, and says so through
 * `onEvent`; then it tries again.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if an option is out of its range.
 */
export async function openDiskCache(options: DiskCacheOptions): Promise<DiskCache> {
  return diskCache(await openPages(options));
}

function diskCache({
  access,
  store,
  pageBytes,
  queueBytesMax,
  bytesMax,
  fileBytes,
  onlyKnown,
}: CachePages): DiskCache {
  const writer = pageWriter(store, queueBytesMax);
  const loader = pageLoader(writer, pageBytes);
  const warmPages = Math.max(1, Math.floor(WARM_BYTES / pageBytes));
  let hits = 0;
  let misses = 0;
  let closed: Promise<void> | undefined;

  const keysOf = (object: CachedObject, start: number, length: number): PageKey[] => {
    if (closed !== undefined) throw new ClorthoError('CLORTHO_CLOSED', 'the disk cache is closed');
    return pageKeys(object, start, start + length, pageBytes);
  };

  const cut = (key: PageKey, offset: number, length: number): readonly [number, number] => {
    const from = key.page * pageBytes;
    return [Math.max(0, offset - from), Math.min(key.length, offset + length - from)];
  };

  const lookUp = async (key: PageKey, offset: number, length: number): Promise<Uint8Array | undefined> => {
    const [start, end] = cut(key, offset, length);
    const found = writer.find(key)?.slice(start, end) ?? (await store.read(key, start, end));
    if (found === undefined) misses += 1;
    else hits += 1;
    return found;
  };

  const close = async (): Promise<void> => {
    writer.forget();
    await access.close();
  };

  return {
    async get(object, offset, length) {
      const keys = keysOf(object, offset, length);
      const parts = await Promise.all(keys.map((key) => lookUp(key, offset, length)));
      return parts.every((part) => part !== undefined) ? joined(parts) : undefined;
    },
    async read(object, offset, length, fetch) {
      const keys = keysOf(object, offset, length);
      const parts = await Promise.all(keys.map((key) => lookUp(key, offset, length)));
      const missing = keys.filter(
        (key, index) => parts[index] === undefined && writer.find(key) === undefined,
      );
      if (missing.length > 0 && !access.canWrite()) return fetchExactly(object.name, fetch, offset, length);
      const flights = loader.load(missing, fetch, onlyKnown);
      const whole = keys.map(async (key, index) => {
        const payload = writer.find(key) ?? flights[missing.indexOf(key)]?.payload;
        return parts[index] ?? ((await payload) as Uint8Array).slice(...cut(key, offset, length));
      });
      return joined(await Promise.all(whole));
    },
    async put(object, offset, bytes) {
      const whole = keysOf(object, offset, bytes.length).filter((key) => {
        const start = key.page * pageBytes - offset;
        return start >= 0 && start + key.length <= bytes.length;
      });
      return keptBytes(whole, (key) => {
        const start = key.page * pageBytes - offset;
        return writer.offer(key, bytes.subarray(start, start + key.length), false);
      });
    },
    async warm(object, fetch, { offset = 0, length = object.bytes - offset, signal } = {}) {
      const keys = keysOf(object, offset, length);
      let kept = 0;
      for (let first = 0; first < keys.length && access.canWrite(); first += warmPages) {
        throwIfAborted(signal);
        const missing: PageKey[] = [];
        for (const key of keys.slice(first, first + warmPages))
          if (writer.find(key) === undefined && !(await store.has(key))) missing.push(key);
        const flights = loader.load(missing, fetch, false);
        kept += await keptBytes(missing, async (_, index) => {
          await flights[index]?.payload;
          return flights[index]?.isKept ?? false;
        });
      }
      return kept;
    },
    async delete(object) {
      const keys = keysOf(object, 0, object.bytes);
      loader.forget(object.name);
      writer.forget(object.name);
      for (const key of keys) await store.drop(key);
    },
    settled: () => writer.settled(),
    stats: () => ({
      state: access.canRead() ? (access.canWrite() ? 'on' : 'read-only') : 'off',
      hits,
      misses,
      fetches: loader.fetches,
      bytesFetched: loader.bytesFetched,
      ...store.counters,
      overflows: writer.overflows,
      failures: access.failures,
      queuedBytes: writer.queuedBytes,
      bytesMax,
      fileBytes,
    }),
    close() {
      closed ??= close();
      return closed;
    },
    [Symbol.asyncDispose]() {
      return this.close();
    },
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 0) return EMPTY_BYTES;
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
}

async function keptBytes(
  keys: readonly PageKey[],
  keep: (key: PageKey, index: number) => Promise<boolean>,
): Promise<number> {
  const kept = await Promise.all(keys.map(keep));
  return keys.reduce((sum, key, index) => sum + (kept[index] === true ? key.length : 0), 0);
}
