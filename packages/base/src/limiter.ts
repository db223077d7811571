/**
 * Bounded concurrency: at most `limit` tasks run, the rest wait in order of arrival.
 *
 * Invariants:
 * - A task that was aborted while waiting never starts and holds no place.
 */
import { abortedError, shared, throwIfAborted } from './abort.ts';

/** Runs tasks, a bounded number at a time. */
export interface Limiter {
  /** How many tasks run. */
  readonly running: number;
  /** How many tasks wait. */
  readonly waiting: number;
  /**
   * Runs `task` as soon as a place is free and returns its result.
   *
   * @throws {ClorthoError} `CLORTHO_ABORTED` if `signal` aborts before the task starts.
   */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Returns a limiter with `limit` places. */
export function limiter(limit: number): Limiter {
  let running = 0;
  const queue = new Set<() => void>();
  const enter = (signal: AbortSignal | undefined): Promise<void> | undefined => {
    if (running < limit) {
      running += 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        queue.delete(start);
        reject(abortedError(signal));
      };
      const start = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      queue.add(start);
      shared(signal)?.addEventListener('abort', onAbort, { once: true });
    });
  };
  const leave = (): void => {
    const [next] = queue;
    if (next === undefined) {
      running -= 1;
      return;
    }
    queue.delete(next);
    next();
  };
  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    async run(task, signal) {
      throwIfAborted(signal);
      await enter(signal);
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
