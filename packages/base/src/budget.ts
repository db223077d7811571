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
   * Takes `amount`: at once, and then returns `undefined`, or after all that came before.
   *
   * @throws {ClorthoError} `CLORTHO_ABORTED` if `signal` has aborted, or rejects with it if it aborts before.
   */
  take(amount: number, signal?: AbortSignal): Promise<void> | undefined;
  /** Gives back what was taken, whole or in parts. */
  give(amount: number): void;
}

interface Waiter {
  readonly amount: number;
  readonly enter: () => void;
}

/** Returns a budget of which nothing is in use. */
export function budget(limit: number): Budget {
  let used = 0;
  const queue = new Set<Waiter>();
  const hasRoom = (amount: number): boolean => used === 0 || used + amount <= limit;
  const admit = (): void => {
    for (const waiter of queue) {
      if (!hasRoom(waiter.amount)) return;
      queue.delete(waiter);
      used += waiter.amount;
      waiter.enter();
    }
  };
  return {
    get used() {
      return used;
    },
    get waiting() {
      return queue.size;
    },
    take(amount, signal) {
      throwIfAborted(signal);
      if (queue.size === 0 && hasRoom(amount)) {
        used += amount;
        return undefined;
      }
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          queue.delete(waiter);
          reject(abortedError(signal));
          admit();
        };
        const enter = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const waiter = { amount, enter };
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
