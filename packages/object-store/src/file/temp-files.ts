/**
 * Files being written, and the litter of processes that died writing one.
 *
 *     .tmp/4711~9f3a01bc~myhost
 *          pid  unique   host
 *
 * Invariants:
 * - A file that may belong to a live process stays: it goes only if its process ended on this host, or after a
 *   day (process ids are reused, and those of other hosts cannot be asked).
 */
import { readdir, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock, Random } from '@clortho/base';
import { isSystemError } from './file-error.ts';

const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

const host = encodeURIComponent(hostname());

/** Returns a name that no other file has, for a file that this process writes. */
export function tempName(random: Random): string {
  const unique = [random.uint32(), random.uint32()]
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('');
  return `${process.pid}~${unique}~${host}`;
}

/** Removes from `directory` what dead processes left. Concurrent sweeps do not disturb each other. */
export async function sweepTempFiles(directory: string, clock: Clock): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    try {
      if (ownerIsDead(name) || (await ageMs(path, clock)) > ABANDONED_AFTER_MS) await unlink(path);
    } catch (error) {
      if (!isSystemError(error, 'ENOENT')) throw error; // Published or swept meanwhile.
    }
  }
}

async function ageMs(path: string, clock: Clock): Promise<number> {
  return clock.now() / 1000 - (await stat(path)).mtimeMs;
}

function ownerIsDead(name: string): boolean {
  const [pid, , owner] = name.split('~');
  if (owner !== host) return false;
  try {
    process.kill(Number(pid), 0); // Signal 0 only asks.
    return false;
  } catch (error) {
    return isSystemError(error, 'ESRCH');
  }
}
