/** better-sqlite3: a table without row ids, prepared statements, a write-ahead log. All its calls are synchronous. */
import { join } from 'node:path';
import { CACHE_BYTES, type Driver, type Key, type Opening, type Row, type Value } from '../driver.ts';
import { groupedPuts } from '../grouped-puts.ts';
import { loadPeer } from '../load-peer.ts';

type SqlRow = readonly [Uint8Array, Uint8Array];

interface Statement {
  run(...values: readonly unknown[]): unknown;
  get(...values: readonly unknown[]): Value;
  all(...values: readonly unknown[]): SqlRow[];
  iterate(): Iterable<SqlRow>;
  pluck(): Statement;
  raw(): Statement;
}

interface Sqlite {
  pragma(text: string): unknown;
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  transaction(work: (rows: readonly Row[]) => void): (rows: readonly Row[]) => void;
  close(): unknown;
}

interface SqliteModule {
  readonly default: new (path: string) => Sqlite;
}

const KIB = 1024;

/** Opens it. */
export async function openBetterSqlite3({ folder, durable }: Opening): Promise<Driver> {
  const { default: Database } = await loadPeer<SqliteModule>('better-sqlite3');
  const db = new Database(join(folder, 'sqlite.db'));
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${durable ? 'FULL' : 'OFF'}`);
  db.pragma(`cache_size = -${CACHE_BYTES / KIB}`);
  db.exec('create table if not exists kv (key blob primary key, value blob) without rowid');
  const insert = db.prepare('insert or replace into kv values (?, ?)');
  const select = db.prepare('select value from kv where key = ?').pluck();
  const all = db.prepare('select key, value from kv order by key').raw();
  const range = db.prepare('select key, value from kv where key >= ? order by key limit ?').raw();
  const insertAll = db.transaction((rows) => {
    for (const { key, value } of rows) insert.run(key, value);
  });
  const write = async (rows: readonly Row[]): Promise<unknown> => insertAll(rows);
  const get = (key: Key): Value => select.get(key);
  return {
    keys: 'bytes',
    write,
    put: groupedPuts(write),
    get,
    getSync: get,
    getMany: (keys) => keys.map(get),
    async scan(visit) {
      for (const [key, value] of all.iterate()) visit(key, value);
    },
    async scanFrom(from, count, visit) {
      for (const [key, value] of range.all(from, count)) visit(key, value);
    },
    close: async () => void db.close(),
  };
}
