/**
 * Sessions of runs that nobody named: they take names that come again, `run-0`, `run-1`, …, because the register of a
 * session stays for ever. So there are not many more of them than ever ran at a time, those included that were killed and
 * that no run has ended since: see `silent-runs.ts`.
 *
 *     free       its last session is over, and said of itself that it was unnamed
 *     taken      everything else: those that run, were killed, or that an application named so
 *
 * Invariants:
 * - A name is taken only when nothing of the session that had it before can be valid any more, and only from a session
 *   that was unnamed, too: any other comes back under its name, and would replace the run.
 */
import { hostname } from 'node:os';
import { ClorthoError, isClorthoError, randomBelow, systemRandom } from '@clortho/base';
import { decodeSession, LeaseSession, type LeaseSessionOptions, sessionKey } from '@clortho/lease';
import type { Register, RegisterStore } from '@clortho/registers';

/** The names of all unnamed sessions begin with this, and a number follows. */
const PREFIX = 'run-';
const NAME = /^run-\d+$/;
/** What an unnamed session says of itself. */
const MARK = { unnamed: 'yes' } as const;

/** Starts a session under a name that nobody has. @throws {ClorthoError} as `LeaseSession.start` does. */
export async function startUnnamed(options: Omit<LeaseSessionOptions, 'name'>): Promise<LeaseSession> {
  const attributes = { ...MARK, host: hostname(), pid: String(process.pid) };
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

/** Returns `name` if it is none of those that unnamed sessions take. @throws {ClorthoError} `CLORTHO_INVALID`. */
export function checkedRunName(name: string): string {
  if (!NAME.test(name)) return name;
  throw new ClorthoError('CLORTHO_INVALID', `a run without a name may take this one: name=${name}`);
}

/** An unnamed session, as its register has it. */
export interface Unnamed {
  readonly name: string;
  /** Whether nothing of it can be valid any more. */
  readonly isOver: boolean;
  /** How long others wait for a sign of life. */
  readonly durationMs: number;
}

/** Yields the registers of the runs, those of others with names like theirs included. */
export function listRuns(registers: RegisterStore, signal?: AbortSignal): AsyncIterable<Register> {
  return registers.list(sessionKey(PREFIX), { signal });
}

/** Returns the unnamed session of a register, `undefined` if it is anybody else's; what cannot be read is. */
export function unnamedOf({ key, value }: Register): Unnamed | undefined {
  const name = nameOf(key);
  if (!NAME.test(name)) return undefined;
  try {
    const { generation, settled, durationMs, attributes } = decodeSession(value, key);
    if (attributes['unnamed'] !== MARK.unnamed) return undefined;
    return { name, isOver: settled > generation, durationMs };
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_CORRUPT') || isClorthoError(error, 'CLORTHO_UNSUPPORTED'))
      return undefined;
    throw error;
  }
}

function nameOf(key: string): string {
  return key.slice(sessionKey('').length);
}

/** Returns one of the names that are not taken, not always the same: others look for one at the same time. */
async function freeName(registers: RegisterStore, signal: AbortSignal | undefined): Promise<string> {
  const free: string[] = [];
  const taken = new Set<string>();
  for await (const register of listRuns(registers, signal)) {
    const name = nameOf(register.key);
    if (unnamedOf(register)?.isOver === true) free.push(name);
    else taken.add(name);
  }
  if (free.length > 0) return free[randomBelow(systemRandom, free.length)] as string;
  // New ones, of which the lowest few are as good as each other.
  let number = randomBelow(systemRandom, 1 + taken.size);
  while (taken.has(PREFIX + number)) number += 1;
  return PREFIX + number;
}
