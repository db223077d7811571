/**
 * The LMDB database in a directory, as its thread sees it.
 *
 *     DIRECTORY/registers.mdb        the data        key 0x00            the marker: "clortho registers 1"
 *     DIRECTORY/registers.mdb-lock   the lock        key 0x01 ++ UTF-8   the envelope of a register
 *
 * Invariants:
 * - A commit is on disk (fsync) before its promise resolves: overlapping sync is off.
 * - A file without the marker holds nothing else either, or it is refused.
 */
import { open as openFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { ClorthoError, encodeUtf8, equalBytes } from '@clortho/base';
import type * as Lmdb from 'lmdb';
import { checkLmdbFile } from './file.ts';

/** An LMDB database with binary keys and values. */
export type Database = Lmdb.RootDatabase<Uint8Array, Uint8Array>;

/** Its CommonJS build is one file and loads in half the time of the others: that is most of what opening a store takes. */
const { open } = createRequire(import.meta.url)('lmdb') as typeof Lmdb;

const MARKER_KEY = new Uint8Array([0]);
const MARKER: Uint8Array = encodeUtf8('clortho registers 1');
/** Readers are counted per thread over all processes on the file; LMDB's own default is 126. */
const READERS_MAX = 1024;

/**
 * Opens the file at `path`, which LMDB creates if it is missing. Waits for LMDB's write lock on the calling thread.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the file is damaged or no LMDB file; what LMDB throws.
 */
export async function openDatabase(path: string): Promise<Database> {
  if (await isPresent(path)) await checkLmdbFile(path);
  return open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    maxReaders: READERS_MAX,
  });
}

/**
 * Returns normally if the database holds registers; with `create` an empty one is marked as holding them.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` without `create` if it is empty; `CLORTHO_CORRUPT` if it is
 *   somebody else's.
 */
export async function checkMarker(database: Database, path: string, create: boolean): Promise<void> {
  database.resetReadTxn();
  const marker = database.get(MARKER_KEY);
  if (marker !== undefined && equalBytes(marker, MARKER)) return;
  if (database.getCount({ limit: 1 }) > 0) {
    throw new ClorthoError('CLORTHO_CORRUPT', `the file holds no registers: file=${path}`);
  }
  if (!create) throw new ClorthoError('CLORTHO_NOT_FOUND', `no registers here: directory=${dirname(path)}`);
  await database.transaction(() => {
    database.putSync(MARKER_KEY, MARKER);
  });
  await syncDirectory(dirname(path));
}

/** A new file is durable only when its directory entry is. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await openFile(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isPresent(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
