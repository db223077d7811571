/**
 * The registers of one file, through a thread that does everything which may wait for another process.
 *
 *     store ──▶ reads, pages ───────────────▶ thread link ──▶ LMDB thread
 *           └─▶ swaps ──▶ swap queue ──▶ group ──┘
 *
 * Invariants:
 * - The calling thread makes no LMDB call, so nothing that LMDB waits for holds up its event loop.
 * - A thread that died is replaced by the next call; calls it had say so.
 */
import type { Clock } from '@clortho/base';
import type { Register, RegisterChange, SwapResult } from '../register-store.ts';
import { deadlines } from './deadlines.ts';
import { swapQueue } from './swap-queue.ts';
import { type StartWorker, type ThreadLink, threadLink } from './thread-link.ts';

/** The registers of one file. Every call ends within the time-out. */
export interface LmdbThread {
  /** Checks that the file holds registers; with `create` an empty one will. */
  prepare(create: boolean): Promise<void>;
  /** Returns the registers in the order of `keys`, all of one moment. */
  read(keys: readonly string[], signal: AbortSignal | undefined): Promise<readonly (Register | undefined)[]>;
  /** Returns the first registers below `prefix`, above the key `after` if there is one. */
  page(
    prefix: string,
    after: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly Register[]>;
  /** Applies all changes or none. */
  swap(changes: readonly RegisterChange[], signal: AbortSignal | undefined): Promise<SwapResult>;
  /** Resolves when every swap has ended. */
  drained(): Promise<void>;
  /** Resolves when nothing that was given up is still with the thread; `undefined` if that is now. */
  blocked(): Promise<void> | undefined;
  /** Closes the file and ends the thread. */
  end(): Promise<void>;
}

/** What an LMDB thread needs from outside. */
export interface LmdbThreadOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly startWorker: StartWorker;
}

/** Starts the thread for the file at `path`. */
export function lmdbThread(path: string, { clock, timeoutMs, startWorker }: LmdbThreadOptions): LmdbThread {
  const limits = deadlines(clock, timeoutMs);
  const groupState = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let link = threadLink({ path, groupState }, limits, startWorker);
  const living = (): ThreadLink => {
    if (!link.alive) link = threadLink({ path, groupState }, limits, startWorker);
    return link;
  };
  const queue = swapQueue(path, clock, limits, groupState, (swaps, signal) =>
    living().call({ kind: 'swap', swaps }, { signal, patient: true }),
  );
  return {
    async prepare(create) {
      await living().call({ kind: 'prepare', create });
    },
    read: (keys, signal) => living().call({ kind: 'read', keys }, { signal }),
    page: (prefix, after, signal) => living().call({ kind: 'page', prefix, after }, { signal }),
    swap: (changes, signal) => queue.swap(changes, signal),
    drained: () => queue.drained(),
    blocked: () => link.blocked(),
    end: () => link.end(),
  };
}
