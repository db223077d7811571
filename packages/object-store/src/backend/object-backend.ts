/**
 * What a backend implements, and the store made of it: checks, closing and cancellation are written once.
 *
 * Invariants:
 * - A backend sees only valid keys, prefixes and ranges, and no call after `close`.
 */
import { ClorthoError, throwIfAborted } from '@clortho/base';
import { checkKey, checkPrefix } from '../key.ts';
import type { ObjectCounters, ObjectEntry, ObjectStore } from '../object-store.ts';

/** The part of a store that differs between backends. Arguments are checked; counters are the backend's to raise. */
export interface ObjectBackend {
  readonly name: string;
  readonly counters: ObjectCounters;
  /** See {@link ObjectStore.releasesBytes}. */
  readonly releasesBytes: boolean;
  put(key: string, bytes: Uint8Array, ifAbsent: boolean, signal: AbortSignal | undefined): Promise<void>;
  /** `length` is `Infinity` for the rest of the blob. */
  get(key: string, offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array>;
  head(key: string, signal: AbortSignal | undefined): Promise<ObjectEntry | undefined>;
  /** `keys` is not empty. */
  delete(keys: readonly string[], signal: AbortSignal | undefined): Promise<void>;
  list(prefix: string, after: string, signal: AbortSignal | undefined): AsyncIterable<ObjectEntry>;
  close(): Promise<void>;
}

/** Returns counters that are all zero. */
export function zeroCounters(): ObjectCounters {
  return { puts: 0, gets: 0, heads: 0, deletes: 0, lists: 0, bytesPut: 0, bytesGot: 0 };
}

/** Returns the store over `backend`. */
export function storeOver(backend: ObjectBackend): ObjectStore {
  let closing: Promise<void> | undefined;
  const enter = (signal: AbortSignal | undefined): void => {
    if (closing !== undefined) {
      throw new ClorthoError('CLORTHO_CLOSED', `object store is closed: store=${backend.name}`);
    }
    throwIfAborted(signal);
  };
  return {
    name: backend.name,
    counters: backend.counters,
    releasesBytes: backend.releasesBytes,
    async put(key, bytes, options) {
      enter(options?.signal);
      checkKey(key);
      if (!(bytes instanceof Uint8Array)) {
        throw new ClorthoError('CLORTHO_INVALID', `a blob is a Uint8Array: key=${key} got=${typeof bytes}`);
      }
      await backend.put(key, bytes, options?.ifAbsent === true, options?.signal);
    },
    async get(key, options) {
      enter(options?.signal);
      checkKey(key);
      const offset = checkCount('offset', options?.offset ?? 0);
      const length = options?.length === undefined ? Infinity : checkCount('length', options.length);
      return backend.get(key, offset, length, options?.signal);
    },
    async head(key, options) {
      enter(options?.signal);
      checkKey(key);
      return backend.head(key, options?.signal);
    },
    async delete(keys, options) {
      enter(options?.signal);
      for (const key of keys) checkKey(key);
      const distinct = [...new Set(keys)];
      if (distinct.length > 0) await backend.delete(distinct, options?.signal);
    },
    async *list(prefix, options) {
      enter(options?.signal);
      checkPrefix(prefix);
      const after = options?.after ?? '';
      checkPrefix(after);
      for await (const entry of backend.list(prefix, after, options?.signal)) {
        yield entry;
        enter(options?.signal);
      }
    },
    close() {
      closing ??= backend.close();
      return closing;
    },
  };
}

/**
 * Returns the end of the range of a blob of `size` bytes: `offset + length`, or where the blob ends.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if `offset` lies beyond the end.
 */
export function rangeEnd(key: string, size: number, offset: number, length: number): number {
  if (offset > size) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `offset lies beyond the end: key=${key} offset=${offset} size=${size}`,
    );
  }
  return Math.min(size, offset + length);
}

/** Returns the error for a blob that is not there. */
export function absentError(store: string, key: string, cause?: unknown): ClorthoError {
  return new ClorthoError('CLORTHO_NOT_FOUND', `no such blob: store=${store} key=${key}`, { cause });
}

/** Returns the error for a blob that must not be there. */
export function presentError(store: string, key: string, cause?: unknown): ClorthoError {
  return new ClorthoError('CLORTHO_CONFLICT', `the blob exists: store=${store} key=${key}`, { cause });
}

function checkCount(name: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new ClorthoError('CLORTHO_INVALID', `${name} is not a count of bytes: ${name}=${count}`);
}
