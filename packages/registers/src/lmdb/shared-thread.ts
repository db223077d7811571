/**
 * One LMDB thread per file and process, shared by all stores on it.
 *
 * LMDB must not open a file twice in a process: the second opening would drop the locks of the first. So the thread
 * stays with its file until the last store is closed. If it is held up by another process at that moment it
 * stays longer: a store that is opened meanwhile finds it, else it ends when it is free.
 *
 * Invariants:
 * - A file has at most one thread that has it open.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ClorthoError } from '@clortho/base';
import { type LmdbThread, type LmdbThreadOptions, lmdbThread } from './lmdb-thread.ts';

/** A share of a thread. */
export interface ThreadShare {
  readonly thread: LmdbThread;
  /** Gives the share back; the last one ends the thread once its swaps have ended. */
  release(): Promise<void>;
}

const FILE = 'registers.mdb';

interface Shared {
  readonly thread: LmdbThread;
  shares: number;
}

const sharedByPath = new Map<string, Shared>();
const closingByPath = new Map<string, Promise<void>>();

/**
 * Opens the registers of `directory`.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` without `create` if there are none; `CLORTHO_CORRUPT` if the file is
 *   damaged or somebody else's; `CLORTHO_UNAVAILABLE` if another process holds its lock for too long.
 */
export async function shareThread(
  directory: string,
  create: boolean,
  options: LmdbThreadOptions,
): Promise<ThreadShare> {
  if (create) await mkdir(directory, { recursive: true });
  const path = join(await existing(directory, directory), FILE);
  if (!create) await existing(path, directory);
  // Another store may have opened and closed the file again until this one goes on.
  for (let closing = closingByPath.get(path); closing !== undefined; closing = closingByPath.get(path)) {
    await closing;
  }
  const shared = sharedByPath.get(path) ?? { thread: lmdbThread(path, options), shares: 0 };
  sharedByPath.set(path, shared);
  shared.shares += 1;
  try {
    await shared.thread.prepare(create);
    return { thread: shared.thread, release: () => release(path, shared) };
  } catch (error) {
    await release(path, shared);
    throw error;
  }
}

async function release(path: string, shared: Shared): Promise<void> {
  const { thread } = shared;
  await thread.drained();
  shared.shares -= 1;
  await endUnused(path, shared);
}

async function endUnused(path: string, shared: Shared): Promise<void> {
  const { thread } = shared;
  if (shared.shares > 0 || sharedByPath.get(path) !== shared) return;
  const blocked = thread.blocked();
  if (blocked !== undefined) {
    const retry = (): Promise<void> => endUnused(path, shared);
    blocked.then(retry).catch(() => undefined); // Ending never rejects.
    return;
  }
  sharedByPath.delete(path);
  const closing = thread.end();
  closingByPath.set(path, closing);
  await closing;
  closingByPath.delete(path);
}

async function existing(path: string, directory: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    throw new ClorthoError('CLORTHO_NOT_FOUND', `no registers here: directory=${directory}`, { cause });
  }
}
