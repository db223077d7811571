/**
 * Bounded concurrency: at most `limit` tasks run, the rest wait in order of arrival.
 *
 * Invariants:
 * - A task that was aborted while waiting never starts and holds no place.
 */
import { budget } from './budget.ts';

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
  const places = budget(limit);
  return {
    get running() {
      return places.used;
    },
    get waiting() {
      return places.waiting;
    },
    async run(task, signal) {
      await places.take(1, signal);
      try {
        return await task();
      } finally {
        places.give(1);
      }
    },
  };
}
