/**
 * The object store in memory: for tests, simulations and stores that need not survive the process.
 *
 * Invariants:
 * - Every call takes effect in one synchronous step, so calls never see each other half done.
 * - Bytes are copied on the way in and on the way out.
 */
import { throwIfAborted } from '@clortho/base';
import { absentError, presentError, rangeEnd, storeOver, zeroCounters } from '../backend/object-backend.ts';
import { compareKeys } from '../key.ts';
import type { ObjectStore } from '../object-store.ts';

/** Options of {@link memoryObjectStore}. */
export interface MemoryObjectStoreOptions {
  /** Stores of one name share their blobs within the process, also after `close`. Private without a name. */
  readonly name?: string | undefined;
  /** Awaited before and after the effect of every call, and before every entry of a listing: latency for simulations. */
  readonly sleep?: (() => Promise<void>) | undefined;
}

const shared = new Map<string, Map<string, Uint8Array>>();

/** Returns an object store in memory, named `memory:` or `memory:NAME`. */
export function memoryObjectStore(options: MemoryObjectStoreOptions = {}): ObjectStore {
  const name = `memory:${options.name ?? ''}`;
  const blobs = blobsOf(options.name);
  const counters = zeroCounters();
  const step = async <T>(signal: AbortSignal | undefined, effect: () => T): Promise<T> => {
    if (options.sleep === undefined) return effect();
    await options.sleep();
    throwIfAborted(signal);
    const result = effect();
    await options.sleep();
    return result;
  };
  return storeOver({
    name,
    counters,
    releasesBytes: true,
    put: (key, bytes, ifAbsent, signal) => {
      const copy = new Uint8Array(bytes); // Not `slice`: on a Buffer that is a view.
      return step(signal, () => {
        counters.puts += 1;
        counters.bytesPut += copy.length;
        if (ifAbsent && blobs.has(key)) throw presentError(name, key);
        blobs.set(key, copy);
      });
    },
    get: (key, offset, length, signal) =>
      step(signal, () => {
        counters.gets += 1;
        const blob = blobs.get(key);
        if (blob === undefined) throw absentError(name, key);
        const bytes = blob.slice(offset, rangeEnd(key, blob.length, offset, length));
        counters.bytesGot += bytes.length;
        return bytes;
      }),
    head: (key, signal) =>
      step(signal, () => {
        counters.heads += 1;
        const blob = blobs.get(key);
        return blob && { key, bytes: blob.length };
      }),
    delete: (keys, signal) =>
      step(signal, () => {
        counters.deletes += 1;
        for (const key of keys) blobs.delete(key);
      }),
    async *list(prefix, after) {
      counters.lists += 1;
      const keys = [...blobs.keys()].filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0);
      for (const key of keys.sort(compareKeys)) {
        await options.sleep?.();
        const blob = blobs.get(key);
        if (blob !== undefined) yield { key, bytes: blob.length };
      }
    },
    close: () => Promise.resolve(),
  });
}

function blobsOf(name: string | undefined): Map<string, Uint8Array> {
  if (name === undefined || name === '') return new Map();
  let blobs = shared.get(name);
  if (blobs === undefined) {
    blobs = new Map();
    shared.set(name, blobs);
  }
  return blobs;
}
