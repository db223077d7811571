/**
 * A bounded amount that is given out in order of arrival.
 *
 * Invariants:
 * - What is in use stays within the limit; only an amount above the whole limit gets more, once nothing else is in use.
 * - Nobody is overtaken: a small amount waits behind a large one. Who was aborted while waiting holds up no one.
 */
import { abortedError, shared, throwIfAborted } from './abort.ts';

/** See the module. */
export interface Budget {
  /** What is in use. */
  readonly used: number;
  /** How many wait. */
  readonly waiting: number;
  /**
   * Takes `amount`: at once, and then returns `undefined`, or after all that came before. `enter` is called in the turn in
   * which it is taken, in order of arrival, whatever is called in that turn, too; it must not throw.
   *
   * @throws {ClorthoError} `CLORTHO_ABORTED` if `signal` has aborted, or rejects with it if it aborts before.
   */
  take(amount: number, signal?: AbortSignal, enter?: () => void): Promise<void> | undefined;
  /** Gives back what was taken, whole or in parts. */
  give(amount: number): void;
}

interface Waiter {
  readonly amount: number;
  readonly admit: () => void;
}

/** Returns a budget of which nothing is in use. */
export function budget(limit: number): Budget {
  let used = 0;
  let isAdmitting = false;
  const queue = new Set<Waiter>();
  const hasRoom = (amount: number): boolean => used === 0 || used + amount <= limit;
  const admit = (): void => {
    if (isAdmitting) return; // Who gives back on entering makes room for the next round of this loop.
    isAdmitting = true;
    for (const waiter of queue) {
      if (!hasRoom(waiter.amount)) break;
      queue.delete(waiter);
      used += waiter.amount;
      waiter.admit();
    }
    isAdmitting = false;
  };
  return {
    get used() {
      return used;
    },
    get waiting() {
      return queue.size;
    },
    take(amount, signal, enter) {
      throwIfAborted(signal);
      if (queue.size === 0 && hasRoom(amount)) {
        used += amount;
        enter?.();
        return undefined;
      }
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          queue.delete(waiter);
          reject(abortedError(signal));
          admit();
        };
        const waiter: Waiter = {
          amount,
          admit: () => {
            signal?.removeEventListener('abort', onAbort);
            enter?.();
            resolve();
          },
        };
        queue.add(waiter);
        shared(signal)?.addEventListener('abort', onAbort, { once: true });
      });
    },
    give(amount) {
      used -= amount;
      admit();
    },
  };
}
