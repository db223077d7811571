/**
 * Registers in an LMDB file: the embedded default, shared safely by several processes of one machine.
 *
 * A swap is one LMDB write transaction. The transaction waits for the lock, commits and syncs on a thread of the
 * binding; only the comparison and the puts run on the main thread. Swaps that come together share one sync.
 * Reads come from the memory map at once.
 *
 * Invariants:
 * - A swap that resolved is on disk.
 * - Every read begins a new read transaction, so it sees what any process committed before.
 * - No read transaction is open while the consumer of a list has control: it would keep LMDB from reusing pages.
 */
import {
  ClorthoError,
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  isClorthoError,
  keySuccessor,
  prefixSuccessor,
} from '@clortho/base';
import { type RegisterBackend, registerStore, zeroCounters } from '../backend.ts';
import { lostSwap } from '../compare.ts';
import { decodeEnvelope, encodeEnvelope } from '../envelope.ts';
import type { Register, RegisterChange, RegisterStore, SwapResult } from '../register-store.ts';
import { type Database, type Environment, openEnvironment } from './environment.ts';

/** Options of {@link lmdbRegisterStore}. */
export interface LmdbRegisterOptions {
  /** Create the directory and the file if they are missing; false by default. */
  readonly create?: boolean | undefined;
}

/** Precedes every register key, which keeps the marker apart. */
const REGISTER_SPACE = new Uint8Array([1]);
const REGISTERS_PER_PAGE = 64;

/**
 * Opens the registers in `directory`.
 *
 * Any number of stores in any number of processes may be open on it, as long as all run on one machine and the
 * file system is local: LMDB locks through shared memory.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` without `create` if there are none; `CLORTHO_CORRUPT` if the file is
 *   damaged or holds something else; `CLORTHO_UNAVAILABLE` if the file system refuses.
 */
export async function lmdbRegisterStore(
  directory: string,
  options: LmdbRegisterOptions = {},
): Promise<RegisterStore> {
  return registerStore(lmdbBackend(directory, await openOrExplain(directory, options.create ?? false)));
}

async function openOrExplain(directory: string, create: boolean): Promise<Environment> {
  try {
    return await openEnvironment(directory, create);
  } catch (cause) {
    if (isClorthoError(cause)) throw cause;
    const message = `cannot open registers: directory=${directory} reason=${String(cause)}`;
    throw new ClorthoError('CLORTHO_UNAVAILABLE', message, { cause });
  }
}

function lmdbBackend(directory: string, environment: Environment): RegisterBackend {
  const { database } = environment;
  const running = new Set<Promise<SwapResult>>();
  return {
    name: `lmdb:${directory}`,
    supports: { atomicMany: true },
    counters: zeroCounters(),
    read: async (keys) => readSnapshot(database, keys),
    async swap(changes) {
      const result = swap(database, changes);
      running.add(result);
      try {
        return await result;
      } finally {
        running.delete(result);
      }
    },
    list: (prefix) => list(database, prefix),
    async close() {
      // The binding refuses the puts of a transaction that is under way once it was asked to close.
      await Promise.allSettled(running);
      await environment.release();
    },
  };
}

/** Reads in one turn of the event loop, during which the binding keeps to one read transaction. */
function readSnapshot(database: Database, keys: readonly string[]): (Register | undefined)[] {
  database.resetReadTxn();
  return keys.map((key) => get(database, key));
}

async function swap(database: Database, changes: readonly RegisterChange[]): Promise<SwapResult> {
  const keys = changes.map(({ key }) => key);
  // Versions only grow: a swap that does not fit a snapshot never will, and need not wait for the lock.
  const lost = lostSwap(changes, readSnapshot(database, keys));
  if (lost !== undefined) return lost;
  if (changes.every(({ value }) => value === undefined)) return { applied: true };
  try {
    return await database.childTransaction(() => {
      const lostMeanwhile = lostSwap(
        changes,
        keys.map((key) => get(database, key)),
      );
      if (lostMeanwhile !== undefined) return lostMeanwhile;
      for (const { key, expect, value } of changes) {
        if (value === undefined) continue;
        database.putSync(databaseKey(key), encodeEnvelope({ key, version: expect + 1, value }));
      }
      return { applied: true };
    });
  } catch (cause) {
    if (isClorthoError(cause)) throw cause;
    throw new ClorthoError(
      'CLORTHO_OUTCOME_UNKNOWN',
      `commit failed: registers=${changes.length} reason=${String(cause)}`,
      { cause },
    );
  }
}

async function* list(database: Database, prefix: string): AsyncGenerator<Register> {
  let start = databaseKey(prefix);
  const end = prefixSuccessor(start) as Uint8Array;
  for (;;) {
    database.resetReadTxn();
    const range = database.getRange({ start, end, limit: REGISTERS_PER_PAGE });
    const page = Array.from(range, ({ key, value }) => ({
      key: new Uint8Array(key),
      register: decodeEnvelope(decodeUtf8(key.subarray(REGISTER_SPACE.length)), value),
    }));
    for (const { register } of page) yield register;
    const last = page.at(-1);
    if (last === undefined || page.length < REGISTERS_PER_PAGE) return;
    start = keySuccessor(last.key);
  }
}

function get(database: Database, key: string): Register | undefined {
  const bytes = database.get(databaseKey(key));
  return bytes === undefined ? undefined : decodeEnvelope(key, bytes);
}

function databaseKey(key: string): Uint8Array {
  return concatBytes([REGISTER_SPACE, encodeUtf8(key)]);
}
