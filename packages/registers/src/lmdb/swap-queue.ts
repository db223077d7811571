/**
 * Swaps on their way to the LMDB thread: one group at a time, the rest waits here.
 *
 *     swap ──▶ waiting ──▶ group, with the thread ──▶ begun ──▶ outcome
 *                 ▲              │ deadline or signal of one, not begun
 *                 └── the rest ──┴── withdrawn: that one was certainly not applied
 *
 * Invariants:
 * - At most one group is with the thread, and what waits is bounded in number and bytes.
 * - A swap that ends as `CLORTHO_UNAVAILABLE` or `CLORTHO_ABORTED` is not applied, not even later.
 */
import { abortedError, type Clock, ClorthoError } from '@clortho/base';
import type { RegisterChange, SwapResult } from '../register-store.ts';
import type { Deadlines } from './deadlines.ts';
import { decodeFailure, GROUP_WAITING, GROUP_WITHDRAWN, moveGroup, type SwapOutcome } from './messages.ts';
import { lockedError } from './thread-link.ts';

/** Sends a group to the thread; `null` if it was withdrawn, which `signal` tells. Rejects only if the thread ended. */
export type SendGroup = (
  swaps: readonly (readonly RegisterChange[])[],
  signal: AbortSignal,
) => Promise<readonly SwapOutcome[] | null>;

/** Swaps that wait for their turn. */
export interface SwapQueue {
  /**
   * Applies a swap.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE`, `CLORTHO_ABORTED`: not applied. `CLORTHO_OUTCOME_UNKNOWN`: the
   *   deadline passed, or the thread ended, while it was being written.
   */
  swap(changes: readonly RegisterChange[], signal: AbortSignal | undefined): Promise<SwapResult>;
  /** Resolves when every swap so far has ended, which its deadline bounds. */
  drained(): Promise<void>;
}

const SWAPS_MAX = 4096;
const BYTES_MAX: number = 64 * 1024 * 1024;
/** A group is copied to the thread at once and makes one LMDB transaction. */
const GROUP_BYTES_MAX: number = 8 * 1024 * 1024;

interface Swap {
  readonly changes: readonly RegisterChange[];
  readonly bytes: number;
  readonly end: (outcome: SwapOutcome | ClorthoError) => void;
}

/** Returns an empty queue for the file at `path`. */
export function swapQueue(
  path: string,
  clock: Clock,
  limits: Deadlines,
  groupState: Int32Array,
  send: SendGroup,
): SwapQueue {
  let waiting = new Set<Swap>();
  let group = new Set<Swap>();
  let withdrawal = new AbortController();
  let sending = false;
  let bytesQueued = 0;
  const running = new Set<Promise<unknown>>();

  const takeGroup = (): Set<Swap> => {
    const taken = new Set<Swap>();
    let bytes = 0;
    for (const swap of waiting) {
      bytes += swap.bytes;
      if (taken.size > 0 && bytes > GROUP_BYTES_MAX) break;
      taken.add(swap);
      waiting.delete(swap);
    }
    return taken;
  };
  const pump = async (): Promise<void> => {
    while (waiting.size > 0) {
      group = takeGroup();
      withdrawal = new AbortController();
      const sent = [...group];
      Atomics.store(groupState, 0, GROUP_WAITING);
      try {
        const outcomes = await send(
          sent.map(({ changes }) => changes),
          withdrawal.signal,
        );
        for (const [index, swap] of sent.entries()) {
          const outcome = outcomes?.[index];
          if (outcome !== undefined && group.has(swap)) swap.end(outcome);
        }
      } catch (cause) {
        const isCertain = moveGroup(groupState, GROUP_WITHDRAWN);
        for (const swap of group) swap.end(isCertain ? notApplied(path, cause) : mayBeApplied(path, cause));
      }
      group = new Set();
      await clock.sleep(0); // Those who were answered may have a next swap for the next group.
    }
  };
  const start = (): void => {
    sending = true;
    pump().then(rest, rest);
  };
  const rest = (): void => {
    sending = false;
    if (waiting.size > 0) start();
  };
  /** Ends a swap with `error`, which says that it was not applied, if that can be made so. */
  const withdraw = (swap: Swap, error: ClorthoError, unknown: (() => ClorthoError) | undefined): void => {
    if (waiting.has(swap)) {
      swap.end(error);
    } else if (moveGroup(groupState, GROUP_WITHDRAWN)) {
      group.delete(swap);
      waiting = new Set([...group, ...waiting]);
      group = new Set();
      withdrawal.abort();
      swap.end(error);
    } else if (unknown !== undefined) {
      swap.end(unknown());
    }
  };

  return {
    swap(changes, signal) {
      const bytes = changes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
      if (running.size >= SWAPS_MAX || bytesQueued + bytes > BYTES_MAX) {
        const facts = `file=${path} swaps=${running.size} bytes=${bytesQueued}`;
        return Promise.reject(new ClorthoError('CLORTHO_UNAVAILABLE', `too many swaps wait: ${facts}`));
      }
      bytesQueued += bytes;
      const ended = new Promise<SwapResult>((resolve, reject) => {
        const swap: Swap = {
          changes,
          bytes,
          end: (outcome) => {
            waiting.delete(swap);
            group.delete(swap);
            bytesQueued -= bytes;
            clearDeadline();
            signal?.removeEventListener('abort', onAbort);
            if (outcome instanceof Error) reject(outcome);
            else if ('failure' in outcome) reject(decodeFailure(outcome.failure));
            else resolve(outcome.result);
          },
        };
        const clearDeadline = limits.set(() => withdraw(swap, lockedError(path), () => mayBeApplied(path)));
        // A swap that is being written is decided in a moment: its outcome is worth more than a quick answer.
        const onAbort = (): void => withdraw(swap, abortedError(signal), undefined);
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.add(swap);
        if (!sending) start();
      });
      running.add(ended);
      const forget = (): void => void running.delete(ended);
      ended.then(forget, forget);
      return ended;
    },
    async drained() {
      await Promise.allSettled(running);
    },
  };
}

function notApplied(path: string, cause: unknown): ClorthoError {
  return new ClorthoError('CLORTHO_UNAVAILABLE', `the swap was not written: file=${path}`, { cause });
}

function mayBeApplied(path: string, cause?: unknown): ClorthoError {
  const problem = 'the swap may have been written';
  return new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', `${problem}: file=${path}`, { cause });
}
