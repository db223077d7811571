/**
 * @nxtedition/rocksdb: chained batches, which it writes on the caller's thread; its own synchronous calls, which begin with an
 * underscore, where they are faster. `get` of an absent key builds an error, `getMany` does not.
 */
import { join } from 'node:path';
import {
  CACHE_BYTES,
  CHUNK_ROWS,
  type Driver,
  type Key,
  type Opening,
  type Row,
  type Value,
} from '../driver.ts';
import { groupedPuts } from '../grouped-puts.ts';
import { loadPeer } from '../load-peer.ts';
import type { LevelBatch, LevelRange } from './abstract-level.ts';

/** Keys and values in turn. */
interface Rows {
  readonly rows: readonly Uint8Array[];
  readonly finished: boolean;
}

interface RocksIterator {
  _nextvSync(size: number): Rows;
  close(): Promise<void>;
}

interface RocksLevel {
  open(): Promise<void>;
  batch(): LevelBatch;
  getMany(keys: readonly Key[]): Promise<Value[]>;
  _getManySync(keys: readonly Key[]): Value[];
  iterator(options: LevelRange): RocksIterator;
  close(): Promise<void>;
}

interface RocksModule {
  readonly RocksLevel: new (location: string, options: object) => RocksLevel;
}

const HIGH_WATER_BYTES = 2 ** 20;

/** Opens it. */
export async function openNxtRocksdb({ folder, durable }: Opening): Promise<Driver> {
  const { RocksLevel } = await loadPeer<RocksModule>('@nxtedition/rocksdb');
  const encodings = { keyEncoding: 'buffer', valueEncoding: 'buffer' };
  const db = new RocksLevel(join(folder, 'rocks'), { ...encodings, cacheSize: CACHE_BYTES });
  await db.open();
  const write = async (rows: readonly Row[]): Promise<unknown> => {
    const batch = db.batch();
    for (const { key, value } of rows) batch.put(key, value);
    return batch.write({ sync: durable });
  };
  return {
    keys: 'bytes',
    write,
    put: groupedPuts(write),
    get: async (key) => (await db.getMany([key]))[0],
    getSync: (key) => db._getManySync([key])[0],
    getMany: (keys) => db.getMany(keys),
    async scan(visit) {
      const iterator = db.iterator({ highWaterMarkBytes: HIGH_WATER_BYTES });
      for (let finished = false; !finished; ) finished = visitRows(iterator._nextvSync(CHUNK_ROWS), visit);
      await iterator.close();
    },
    async scanFrom(from, count, visit) {
      const iterator = db.iterator({ gte: from, limit: count });
      visitRows(iterator._nextvSync(count), visit);
      await iterator.close();
    },
    close: () => db.close(),
  };
}

function visitRows({ rows, finished }: Rows, visit: (key: Key, value: Uint8Array) => void): boolean {
  for (let at = 0; at < rows.length; at += 2) visit(rows[at] as Uint8Array, rows[at + 1] as Uint8Array);
  return finished || rows.length === 0;
}
