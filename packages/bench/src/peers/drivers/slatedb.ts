/**
 * SlateDB in a folder. It never synchronises files there, so its durable writes are less durable than those of the others.
 * An explicit flush of the log after a write is faster than waiting for its timer, 100 ms.
 */
import type { Driver, Key, Opening, Row, Value } from '../driver.ts';
import { groupedPuts } from '../grouped-puts.ts';
import { loadPeer } from '../load-peer.ts';

interface Disposable {
  dispose(): void;
}

interface SlateBatch extends Disposable {
  put(key: Key, value: Uint8Array): void;
}

interface SlateIterator extends Disposable {
  next(): Promise<{ readonly key: Uint8Array; readonly value: Uint8Array } | undefined>;
}

interface SlateDb extends Disposable {
  write_with_options(batch: SlateBatch, options: { readonly await_durable: boolean }): Promise<unknown>;
  flush(): Promise<void>;
  get(key: Key): Promise<Value>;
  scan(range: object): Promise<SlateIterator>;
  shutdown(): Promise<void>;
}

interface SlateModule {
  readonly ObjectStore: { resolve(url: string): Disposable };
  readonly DbBuilder: new (path: string, store: Disposable) => Disposable & { build(): Promise<SlateDb> };
  readonly WriteBatch: new () => SlateBatch;
}

const ALL = { start: undefined, start_inclusive: true, end: undefined, end_inclusive: false };

/** Opens it. */
export async function openSlatedb({ folder, durable }: Opening): Promise<Driver> {
  const { ObjectStore, DbBuilder, WriteBatch } = await loadPeer<SlateModule>('@slatedb/uniffi');
  const store = ObjectStore.resolve('file:///');
  const builder = new DbBuilder(folder.slice(1), store);
  const db = await builder.build();
  builder.dispose();
  const write = async (rows: readonly Row[]): Promise<unknown> => {
    const batch = new WriteBatch();
    for (const { key, value } of rows) batch.put(key, value);
    await db.write_with_options(batch, { await_durable: false });
    if (durable) await db.flush();
    batch.dispose();
    return undefined;
  };
  return {
    keys: 'bytes',
    write,
    put: groupedPuts(write),
    get: (key) => db.get(key),
    getMany: (keys) => Promise.all(keys.map((key) => db.get(key))),
    async scan(visit) {
      const rows = await db.scan(ALL);
      for (let row = await rows.next(); row !== undefined; row = await rows.next()) visit(row.key, row.value);
      rows.dispose();
    },
    async scanFrom(from, count, visit) {
      const rows = await db.scan({ ...ALL, start: from });
      for (let seen = 0; seen < count; seen += 1) {
        const row = await rows.next();
        if (row === undefined) break;
        visit(row.key, row.value);
      }
      rows.dispose();
    },
    async close() {
      await db.shutdown();
      db.dispose();
      store.dispose();
    },
  };
}
