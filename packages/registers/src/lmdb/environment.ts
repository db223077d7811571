/**
 * The LMDB environment of a directory, opened once per process and shared by all stores on it.
 *
 * Once per process, because opening takes LMDB's write lock on the main thread: a second environment on the same
 * file would wait there for a transaction of the first, whose callback waits for the main thread.
 *
 *     DIRECTORY/registers.mdb        the data        key 0x00            the marker: "clortho registers 1"
 *     DIRECTORY/registers.mdb-lock   the lock        key 0x01 ++ UTF-8   the envelope of a register
 *
 * Invariants:
 * - A commit is on disk (fsync) before its promise resolves: overlapping sync is off.
 * - A file without the marker holds nothing else either, or it is refused.
 */
import { access, mkdir, open as openFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ClorthoError, encodeUtf8, equalBytes } from '@clortho/base';
import type { RootDatabase } from 'lmdb';
import { checkLmdbFile } from './file.ts';

/** An LMDB database with binary keys and values. */
export type Database = RootDatabase<Uint8Array, Uint8Array>;

/** A share of an environment. */
export interface Environment {
  readonly database: Database;
  /** Gives the share back; the last one closes the environment after the transactions that run. */
  release(): Promise<void>;
}

const FILE = 'registers.mdb';
const MARKER_KEY = new Uint8Array([0]);
const MARKER: Uint8Array = encodeUtf8('clortho registers 1');
/** Readers are counted per thread over all processes on the file; LMDB's own default is 126. */
const READERS_MAX = 1024;

interface Shared {
  readonly opened: Promise<Database>;
  shares: number;
}

const sharedByPath = new Map<string, Shared>();
const closingByPath = new Map<string, Promise<void>>();

/**
 * Opens the environment of `directory`.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` without `create` if there is none; `CLORTHO_CORRUPT` if the file is
 *   damaged or somebody else's.
 */
export async function openEnvironment(directory: string, create: boolean): Promise<Environment> {
  if (create) await mkdir(directory, { recursive: true });
  const path = join(await existing(directory, directory), FILE);
  if (!create) await existing(path, directory);
  await closingByPath.get(path);
  const shared = sharedByPath.get(path) ?? { opened: openDatabase(path), shares: 0 };
  sharedByPath.set(path, shared);
  shared.shares += 1;
  try {
    const database = await shared.opened;
    await checkMarker(database, path, directory, create);
    return { database, release: () => release(path, shared) };
  } catch (error) {
    await release(path, shared);
    throw error;
  }
}

async function release(path: string, shared: Shared): Promise<void> {
  shared.shares -= 1;
  if (shared.shares > 0) return;
  sharedByPath.delete(path);
  const closing = shared.opened.then(
    (database) => database.close(),
    () => undefined,
  );
  closingByPath.set(path, closing);
  try {
    await closing;
  } finally {
    closingByPath.delete(path);
  }
}

async function openDatabase(path: string): Promise<Database> {
  if (await present(path)) await checkLmdbFile(path);
  const { open } = await import('lmdb');
  return open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    maxReaders: READERS_MAX,
  });
}

async function checkMarker(
  database: Database,
  path: string,
  directory: string,
  create: boolean,
): Promise<void> {
  database.resetReadTxn();
  const marker = database.get(MARKER_KEY);
  if (marker !== undefined && equalBytes(marker, MARKER)) return;
  if (database.getCount({ limit: 1 }) > 0) {
    throw new ClorthoError('CLORTHO_CORRUPT', `the file holds no registers: file=${path}`);
  }
  if (!create) throw notFound(directory);
  await database.transaction(() => {
    database.putSync(MARKER_KEY, MARKER);
  });
  await syncDirectory(directory);
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

async function present(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function existing(path: string, directory: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw notFound(directory, cause);
  }
}

function notFound(directory: string, cause?: unknown): ClorthoError {
  return new ClorthoError('CLORTHO_NOT_FOUND', `no registers here: directory=${directory}`, { cause });
}
