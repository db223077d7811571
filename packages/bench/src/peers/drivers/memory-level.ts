/** memory-level: a tree in memory. It shows what a store without any disk can do; it is never durable. */
import { CHUNK_ROWS, type Driver, type Row } from '../driver.ts';
import { loadPeer } from '../load-peer.ts';
import { type AbstractLevel, nextvRows, visitEntries } from './abstract-level.ts';

interface MemoryLevelModule {
  readonly MemoryLevel: new (options: object) => AbstractLevel;
}

/** Opens an empty one. */
export async function openMemoryLevel(): Promise<Driver> {
  const { MemoryLevel } = await loadPeer<MemoryLevelModule>('memory-level');
  const db = new MemoryLevel({ keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await db.open();
  const write = (rows: readonly Row[]): Promise<unknown> => {
    const batch = db.batch();
    for (const { key, value } of rows) batch.put(key, value);
    return batch.write();
  };
  return {
    keys: 'bytes',
    write,
    put: (key, value) => write([{ key, value }]),
    get: (key) => db.get(key),
    getSync: (key) => db.getSync(key),
    getMany: (keys) => db.getMany(keys),
    scan: (visit) => nextvRows(db.iterator({}), CHUNK_ROWS, visit),
    async scanFrom(from, count, visit) {
      const iterator = db.iterator({ gte: from, limit: count });
      visitEntries(await iterator.nextv(count), visit);
      await iterator.close();
    },
    close: () => db.close(),
  };
}
