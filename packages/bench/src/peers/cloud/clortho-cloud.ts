/** Clortho in the modelled cloud: objects and registers in memory, each call as slow as its request would be. */
import { systemClock } from '@clortho/base';
import { open } from '@clortho/engine';
import { memoryObjectStore, type ObjectStore } from '@clortho/object-store';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import { driverOf } from '../drivers/clortho.ts';
import { KEEP_MS } from '../run/opening.ts';
import { type CloudCache, type CloudStore, getMs, PUT_MS, REGISTER_MS } from './modelled-cloud.ts';

const EVERYTHING_BYTES = 2 ** 29;
/** What indexes and filters may take of a small cache. */
const METADATA_SHARE = 0.25;

interface Pace {
  isSlow: boolean;
}

/** Makes an empty one. */
export async function clorthoInCloud(): Promise<CloudStore> {
  const pace: Pace = { isSlow: false };
  const inner = { objects: memoryObjectStore(), registers: memoryRegisterStore() };
  const objects = slowObjects(inner.objects, pace);
  const registers = slowRegisters(inner.registers, pace);
  return {
    async open(cache) {
      const families = { default: { retention: { keepMs: KEEP_MS } } };
      return driverOf(await open('memory:', { objects, registers, families, ...budgetsOf(cache) }));
    },
    async setSlow(isSlow) {
      pace.isSlow = isSlow;
    },
    async requests() {
      const { gets, heads, puts, lists, deletes, bytesGot } = inner.objects.counters;
      const { reads, swaps, lists: registerLists } = inner.registers.counters;
      return {
        gets: gets + heads,
        puts: puts + lists,
        deletes,
        registerReads: reads + registerLists,
        registerWrites: swaps,
        bytesGot,
      };
    },
    async close() {
      await Promise.all([objects.close(), registers.close()]);
    },
  };
}

function budgetsOf(cache: CloudCache): { readonly cacheBytes: number; readonly tableBytes?: number } {
  if (cache === 'everything') return { cacheBytes: EVERYTHING_BYTES };
  if (cache === 'metadata') return { cacheBytes: 0 };
  const tableBytes = Math.floor(METADATA_SHARE * cache);
  return { tableBytes, cacheBytes: cache - tableBytes };
}

function slowObjects(inner: ObjectStore, pace: Pace): ObjectStore {
  const pass = (ms: number, signal?: AbortSignal): Promise<void> | undefined =>
    pace.isSlow ? systemClock.sleep(ms, signal) : undefined;
  return {
    name: inner.name,
    counters: inner.counters,
    async put(key, bytes, options) {
      await pass(PUT_MS, options?.signal);
      await inner.put(key, bytes, options);
    },
    async get(key, options) {
      const bytes = await inner.get(key, options);
      await pass(getMs(bytes.length), options?.signal);
      return bytes;
    },
    async head(key, options) {
      await pass(getMs(0), options?.signal);
      return inner.head(key, options);
    },
    async delete(keys, options) {
      await pass(PUT_MS, options?.signal);
      await inner.delete(keys, options);
    },
    async *list(prefix, options) {
      await pass(PUT_MS, options?.signal);
      yield* inner.list(prefix, options);
    },
    close: () => inner.close(),
  };
}

function slowRegisters(inner: RegisterStore, pace: Pace): RegisterStore {
  const pass = (signal?: AbortSignal): Promise<void> | undefined =>
    pace.isSlow ? systemClock.sleep(REGISTER_MS, signal) : undefined;
  return {
    name: inner.name,
    supports: inner.supports,
    counters: inner.counters,
    async read(keys, options) {
      await pass(options?.signal);
      return inner.read(keys, options);
    },
    async compareAndSwap(changes, options) {
      await pass(options?.signal);
      return inner.compareAndSwap(changes, options);
    },
    async *list(prefix, options) {
      await pass(options?.signal);
      yield* inner.list(prefix, options);
    },
    close: () => inner.close(),
  };
}
