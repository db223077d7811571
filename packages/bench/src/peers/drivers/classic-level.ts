/** classic-level, LevelDB: chained batches, `getSync` in loops, entries a thousand at a time. */
import { join } from 'node:path';
import { CACHE_BYTES, CHUNK_ROWS, type Driver, type Opening, type Row } from '../driver.ts';
import { groupedPuts } from '../grouped-puts.ts';
import { loadPeer } from '../load-peer.ts';
import { type AbstractLevel, nextvRows, visitEntries } from './abstract-level.ts';

interface ClassicLevelModule {
  readonly ClassicLevel: new (location: string, options: object) => AbstractLevel;
}

const HIGH_WATER_BYTES = 2 ** 20;

/** Opens it. */
export async function openClassicLevel({ folder, durable }: Opening): Promise<Driver> {
  const { ClassicLevel } = await loadPeer<ClassicLevelModule>('classic-level');
  const db = new ClassicLevel(join(folder, 'level'), {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    cacheSize: CACHE_BYTES,
  });
  await db.open();
  const write = (rows: readonly Row[]): Promise<unknown> => {
    const batch = db.batch();
    for (const { key, value } of rows) batch.put(key, value);
    return batch.write({ sync: durable });
  };
  return {
    keys: 'bytes',
    write,
    put: groupedPuts(write),
    get: (key) => db.get(key),
    getSync: (key) => db.getSync(key),
    getMany: async (keys) => keys.map((key) => db.getSync(key)),
    scan: (visit) => nextvRows(db.iterator({ highWaterMarkBytes: HIGH_WATER_BYTES }), CHUNK_ROWS, visit),
    async scanFrom(from, count, visit) {
      const iterator = db.iterator({ gte: from, limit: count });
      visitEntries(await iterator.nextv(count), visit);
      await iterator.close();
    },
    close: () => db.close(),
  };
}
