/**
 * lmdb: keys as strings, which its documentation calls faster than bytes; binary values. Its reads are synchronous.
 * `getBinaryFast` lends a buffer until the next call: right for a caller that looks at once, wrong for one that awaits.
 */
import { join } from 'node:path';
import type { Driver, Key, Opening, Value } from '../driver.ts';
import { loadPeer } from '../load-peer.ts';

interface LmdbRange {
  readonly start?: Key;
  readonly limit?: number;
}

interface Lmdb {
  batch(work: () => void): Promise<unknown>;
  /** Returns a promise, or nothing to wait for within a batch, which answers for its puts. */
  put(key: Key, value: Uint8Array): unknown;
  getBinary(key: Key): Value;
  getBinaryFast(key: Key): Value;
  getRange(range: LmdbRange): Iterable<{ readonly key: Key; readonly value: Uint8Array }>;
  /** Resolves once what was committed is on the disk. */
  readonly flushed: PromiseLike<unknown>;
  close(): Promise<void>;
}

interface LmdbModule {
  open(options: object): Lmdb;
}

/** Opens it. */
export async function openLmdb({ folder, durable }: Opening): Promise<Driver> {
  const { open } = await loadPeer<LmdbModule>('lmdb');
  const unsynced = durable ? {} : { noSync: true, useWritemap: true };
  const db = open({ path: join(folder, 'lmdb'), encoding: 'binary', ...unsynced });
  const committed = async (write: unknown): Promise<unknown> => {
    await write;
    return durable ? db.flushed : undefined;
  };
  return {
    keys: 'text',
    write: (rows) =>
      committed(
        db.batch(() => {
          for (const { key, value } of rows) db.put(key, value);
        }),
      ),
    put: (key, value) => committed(db.put(key, value)),
    get: (key) => db.getBinary(key),
    getSync: (key) => db.getBinaryFast(key),
    getMany: (keys) => keys.map((key) => db.getBinary(key)),
    async scan(visit) {
      for (const { key, value } of db.getRange({})) visit(key, value);
    },
    async scanFrom(from, count, visit) {
      for (const { key, value } of db.getRange({ start: from, limit: count })) visit(key, value);
    },
    close: () => db.close(),
  };
}
