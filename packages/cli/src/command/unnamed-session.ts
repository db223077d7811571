/**
 * Sessions of runs that nobody named: they take names that come again, `run-0`, `run-1`, …, because the register of a
 * session stays for ever. So there are not many more of them than ever ran at a time.
 *
 * Invariants:
 * - A name is taken only when nothing of the session that had it before can be valid any more.
 */
import { hostname } from 'node:os';
import { isClorthoError, randomBelow, systemRandom } from '@clortho/base';
import { decodeSession, LeaseSession, type LeaseSessionOptions, sessionKey } from '@clortho/lease';
import type { Register, RegisterStore } from '@clortho/registers';

const PREFIX = 'run-';

/** Starts a session under a name that nobody has. @throws {ClorthoError} as `LeaseSession.start` does. */
export async function startUnnamed(options: Omit<LeaseSessionOptions, 'name'>): Promise<LeaseSession> {
  const attributes = { host: hostname(), pid: String(process.pid) };
  for (;;) {
    const name = await freeName(options.registers, options.signal);
    try {
      return await LeaseSession.start({ ...options, name, attributes, takeOver: false });
    } catch (error) {
      // Another run was faster, so somebody gets on.
      if (!isClorthoError(error, 'CLORTHO_CONFLICT')) throw error;
    }
  }
}

/** Returns one of the names that are not taken, not always the same: others look for one at the same time. */
async function freeName(registers: RegisterStore, signal: AbortSignal | undefined): Promise<string> {
  const free: string[] = [];
  const taken = new Set<string>();
  for await (const register of registers.list(sessionKey(PREFIX), { signal })) {
    const name = register.key.slice(sessionKey('').length);
    if (isOver(register)) free.push(name);
    else taken.add(name);
  }
  if (free.length > 0) return free[randomBelow(systemRandom, free.length)] as string;
  // New ones, of which the lowest few are as good as each other.
  let number = randomBelow(systemRandom, 1 + taken.size);
  while (taken.has(PREFIX + number)) number += 1;
  return PREFIX + number;
}

/** What cannot be read is somebody's. */
function isOver({ key, value }: Register): boolean {
  try {
    const { generation, settled } = decodeSession(value, key);
    return settled > generation;
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_CORRUPT') || isClorthoError(error, 'CLORTHO_UNSUPPORTED'))
      return false;
    throw error;
  }
}
