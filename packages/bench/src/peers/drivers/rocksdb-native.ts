/**
 * rocksdb-native: read and write batches. It has no synchronous write, so a durable one flushes the memory table: that is what
 * its users have.
 */
import { join } from 'node:path';
import { type Driver, type Key, type Opening, type Row, type Value, type Visit } from '../driver.ts';
import { groupedPuts } from '../grouped-puts.ts';
import { loadPeer } from '../load-peer.ts';

interface WriteBatch {
  tryPut(key: Key, value: Uint8Array): void;
  flush(): Promise<void>;
}

interface ReadBatch {
  get(key: Key): Promise<Value>;
  tryFlush(): void;
}

interface RocksRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface RowStream extends AsyncIterable<RocksRow> {
  on(event: 'data', listener: (row: RocksRow) => void): RowStream;
  on(event: 'end', listener: () => void): RowStream;
  on(event: 'error', listener: (error: Error) => void): RowStream;
}

interface RocksDb {
  ready(): Promise<void>;
  write(options: object): WriteBatch;
  read(options: object): ReadBatch;
  flush(): Promise<void>;
  get(key: Key): Promise<Value>;
  iterator(range: object, options: object): RowStream;
  close(): Promise<void>;
}

interface RocksModule {
  readonly default: new (path: string, options: object) => RocksDb;
}

const SCAN_CAPACITY = 1000;

/** Opens it. */
export async function openRocksdbNative({ folder, durable }: Opening): Promise<Driver> {
  const { default: RocksDb } = await loadPeer<RocksModule>('rocksdb-native');
  const db = new RocksDb(join(folder, 'rocks'), {});
  await db.ready();
  const write = async (rows: readonly Row[]): Promise<unknown> => {
    const batch = db.write({ capacity: rows.length, autoDestroy: true });
    for (const { key, value } of rows) batch.tryPut(key, value);
    await batch.flush();
    if (durable) await db.flush();
    return undefined;
  };
  return {
    keys: 'bytes',
    write,
    put: groupedPuts(write),
    get: (key) => db.get(key),
    getMany(keys) {
      const batch = db.read({ capacity: keys.length, autoDestroy: true });
      const values = keys.map((key) => batch.get(key));
      batch.tryFlush();
      return Promise.all(values);
    },
    async scan(visit) {
      const rows = db.iterator({}, { capacity: SCAN_CAPACITY });
      for await (const { key, value } of rows) visit(key, value);
    },
    // A limit that the capacity does not exceed would end the stream with one more read.
    scanFrom: (from, count, visit) =>
      drain(db.iterator({ gte: from }, { limit: count, capacity: count + 1 }), visit),
    close: () => db.close(),
  };
}

function drain(rows: RowStream, visit: Visit): Promise<void> {
  return new Promise((resolve, reject) => {
    rows
      .on('data', ({ key, value }) => visit(key, value))
      .on('end', resolve)
      .on('error', reject);
  });
}
