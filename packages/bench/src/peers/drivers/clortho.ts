/** Clortho in a folder, through the public names of the engine, with its defaults. A write is always durable. */
import { NOT_RESIDENT, open, type Store } from '@clortho/engine';
import { CACHE_BYTES, type Driver, type Opening } from '../driver.ts';

/** Opens it. */
export async function openClortho({ folder, keepMs }: Opening): Promise<Driver> {
  const families = { default: { retention: { keepMs } } };
  return driverOf(await open(`file:${folder}`, { cacheBytes: CACHE_BYTES, families }));
}

/** Opens one that merges nothing, so that runs pile up: what commits alone cost. */
export async function openUnmerged({ folder, keepMs }: Opening): Promise<Driver> {
  const families = { default: { retention: { keepMs } } };
  return driverOf(await open(`file:${folder}`, { cacheBytes: CACHE_BYTES, families, compaction: 'manual' }));
}

/** Drives an open store, wherever it is. */
export function driverOf(store: Store): Driver {
  let last = 0;
  return {
    keys: 'bytes',
    async write(rows) {
      const { timestamp } = await store.write(rows.map(({ key, value }) => ({ type: 'put', key, value })));
      last = Math.max(last, timestamp);
    },
    put: (key, value) => store.put(key, value),
    get: (key) => store.get(key),
    getSync(key) {
      const value = store.peek(key);
      if (value === NOT_RESIDENT) throw new Error('memory cannot answer');
      return value;
    },
    getMany: (keys) => store.getMany(keys),
    async scan(visit) {
      for await (const { key, value } of store.scan()) visit(key, value);
    },
    async scanChunks(look) {
      for await (const { length, keyStarts, valueStarts, valueBytes } of store.scan().chunks()) {
        for (let row = 0; row < length; row += 1) {
          const keyStart = keyStarts[row] as number;
          const valueStart = valueStarts[row] as number;
          look(
            (keyStarts[row + 1] as number) - keyStart,
            (valueStarts[row + 1] as number) - valueStart,
            valueBytes[valueStart],
          );
        }
      }
    },
    async scanFrom(from, count, visit) {
      for await (const { key, value } of store.scan({ gte: from, limit: count })) visit(key, value);
    },
    async reclaim() {
      // An object goes at the second pass after it lost its last reference.
      await store.gc();
      await store.gc();
    },
    past: {
      now: () => last,
      getAsOf: (key, moment) => store.get(key, { asOf: moment }),
    },
    close: () => store.close(),
  };
}
