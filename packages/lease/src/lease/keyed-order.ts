/**
 * Work on one key one after the other, on different keys side by side.
 *
 * Invariants:
 * - Work that has begun is waited for. Whoever gives up before it is their turn is told at once; their work never begins.
 */
import { abortedError, shared, throwIfAborted } from '@clortho/base';

/** See the module. */
export class KeyedOrder {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs `work` when all earlier work on `key` is done, and returns its result.
   *
   * @throws {ClorthoError} `CLORTHO_ABORTED` if `patience` aborts before it begins; what `work` throws.
   */
  run<T>(key: string, work: () => Promise<T>, patience?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => reject(abortedError(patience));
      shared(patience)?.addEventListener('abort', giveUp, { once: true });
      const turn = this.#last.get(key) ?? Promise.resolve();
      const mine = turn.then(() => {
        patience?.removeEventListener('abort', giveUp);
        throwIfAborted(patience);
        return work();
      });
      mine.then(resolve, reject);
      const forget = (): void => {
        if (this.#last.get(key) === over) this.#last.delete(key);
      };
      // Those who wait care that it is over; whoever asked for it hears how it went.
      const over = mine.then(forget, forget);
      this.#last.set(key, over);
    });
  }
}
