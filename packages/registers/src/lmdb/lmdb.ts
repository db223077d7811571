/**
 * Registers in an LMDB file: the embedded default, shared safely by several processes of one machine.
 *
 * A thread of its own opens the file, reads and writes: LMDB's write lock belongs to all processes, and one that
 * is stopped while it holds the lock would stop the event loops of all others. Swaps that come together are one
 * LMDB transaction with one sync.
 *
 * Invariants:
 * - A swap that resolved is on disk.
 * - A call that cannot be carried out in time ends: as `CLORTHO_OUTCOME_UNKNOWN` if it was being written, else as
 *   `CLORTHO_UNAVAILABLE`, and then it is not applied later either.
 */
import { type Clock, ClorthoError, isClorthoError, systemClock } from '@clortho/base';
import { type RegisterBackend, registerStore, zeroCounters } from '../backend.ts';
import { lostSwap } from '../compare.ts';
import type { RegisterStore } from '../register-store.ts';
import { REGISTERS_PER_PAGE } from './messages.ts';
import { shareThread, type ThreadShare } from './shared-thread.ts';
import { startWorker } from './thread-link.ts';

/** Options of {@link lmdbRegisterStore}. */
export interface LmdbRegisterOptions {
  /** Create the directory and the file if they are missing; false by default. */
  readonly create?: boolean | undefined;
  /**
   * How long a call, opening included, may wait for other processes; 5,000 by default. Stores on one file in one
   * process share the time-out of the first.
   */
  readonly timeoutMs?: number | undefined;
  /** Measures the time-out; the machine's clock by default. */
  readonly clock?: Clock | undefined;
}

const TIMEOUT_MS = 5000;

/**
 * Opens the registers in `directory`.
 *
 * Any number of stores in any number of processes may be open on it, as long as all run on one machine and the
 * file system is local: LMDB locks through shared memory.
 *
 * @throws {ClorthoError} `CLORTHO_NOT_FOUND` without `create` if there are none; `CLORTHO_CORRUPT` if the file is
 *   damaged or holds something else; `CLORTHO_UNAVAILABLE` if the file system refuses, or another process keeps
 *   the file locked for longer than the time-out.
 */
export async function lmdbRegisterStore(
  directory: string,
  options: LmdbRegisterOptions = {},
): Promise<RegisterStore> {
  const { create = false, timeoutMs = TIMEOUT_MS, clock = systemClock } = options;
  try {
    return registerStore(
      lmdbBackend(directory, await shareThread(directory, create, { clock, timeoutMs, startWorker })),
    );
  } catch (cause) {
    if (isClorthoError(cause)) throw cause;
    const message = `cannot open registers: directory=${directory} reason=${String(cause)}`;
    throw new ClorthoError('CLORTHO_UNAVAILABLE', message, { cause });
  }
}

function lmdbBackend(directory: string, { thread, release }: ThreadShare): RegisterBackend {
  return {
    name: `lmdb:${directory}`,
    supports: { atomicMany: true },
    counters: zeroCounters(),
    read: (keys, signal) => thread.read(keys, signal),
    async swap(changes, signal) {
      if (changes.some(({ value }) => value !== undefined)) return thread.swap(changes, signal);
      const registers = await thread.read(
        changes.map(({ key }) => key),
        signal,
      );
      return lostSwap(changes, registers) ?? { applied: true };
    },
    async *list(prefix, signal) {
      let after: string | undefined;
      for (;;) {
        const page = await thread.page(prefix, after, signal);
        yield* page;
        after = page.at(-1)?.key;
        if (page.length < REGISTERS_PER_PAGE) return;
      }
    },
    close: release,
  };
}
