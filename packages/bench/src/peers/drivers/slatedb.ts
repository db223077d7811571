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
  flush_with_options(options: { readonly flush_type: unknown }): Promise<void>;
  get(key: Key): Promise<Value>;
  scan(range: object): Promise<SlateIterator>;
  shutdown(): Promise<void>;
}

interface SlateSettings extends Disposable {
  set(name: string, json: string): void;
}

interface SlateBuilder extends Disposable {
  with_settings(settings: SlateSettings): void;
  with_db_cache_disabled(): void;
  build(): Promise<SlateDb>;
}

interface SlateModule {
  readonly ObjectStore: { resolve(url: string): Disposable };
  readonly Settings: { default(): SlateSettings };
  readonly DbBuilder: new (path: string, store: Disposable) => SlateBuilder;
  readonly WriteBatch: new () => SlateBatch;
  readonly FlushType: { readonly MemTable: unknown };
}

/** Where and how it is opened. */
export interface SlatedbOpening extends Pick<Opening, 'durable'> {
  /** The URL of the object store. */
  readonly store: string;
  readonly path: string;
  /** By name. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Without its cache in memory, which has no figure. */
  readonly withoutMemory?: boolean;
  /** Whether what is in memory only as the log has it goes to tables before it is closed. */
  readonly flushesAtEnd?: boolean;
}

const ALL = { start: undefined, start_inclusive: true, end: undefined, end_inclusive: false };

/** Opens it in a folder. */
export function openSlatedb({ folder, durable }: Opening): Promise<Driver> {
  return openSlatedbAt({ store: 'file:///', path: folder.slice(1), durable });
}

/** Opens it anywhere. */
export async function openSlatedbAt(opening: SlatedbOpening): Promise<Driver> {
  const { durable, path, settings, withoutMemory, flushesAtEnd } = opening;
  const { ObjectStore, Settings, DbBuilder, WriteBatch, FlushType } =
    await loadPeer<SlateModule>('@slatedb/uniffi');
  const store = ObjectStore.resolve(opening.store);
  const builder = new DbBuilder(path, store);
  if (withoutMemory) builder.with_db_cache_disabled();
  if (settings !== undefined) {
    const all = Settings.default();
    for (const [name, value] of Object.entries(settings)) all.set(name, JSON.stringify(value));
    builder.with_settings(all);
    all.dispose();
  }
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
      if (flushesAtEnd) await db.flush_with_options({ flush_type: FlushType.MemTable });
      await db.shutdown();
      db.dispose();
      store.dispose();
    },
  };
}
