/**
 * Time from outside: everything with state takes a {@link Clock}, so a simulation can own it.
 *
 * Invariants:
 * - `now()` is for labels and timestamps; durations are measured with `monotonic()`.
 * - An aborted sleep leaves no timer behind.
 */
import { abortedError } from './abort.ts';

/** A source of time and of waiting. */
export interface Clock {
  /** Returns microseconds since the Unix epoch, as a safe integer. May jump. */
  now(): number;
  /** Returns milliseconds since some fixed point. Never goes back. */
  monotonic(): number;
  /**
   * Waits `ms` milliseconds. Zero takes no time and lets everything else that is ready run first: how long work
   * shares the event loop.
   *
   * @throws {ClorthoError} `CLORTHO_ABORTED` as soon as `signal` aborts.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. A pending sleep keeps the process alive until it ends or is aborted. */
export const systemClock: Clock = {
  now: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(abortedError(signal));
        return;
      }
      if (ms <= 0) {
        setImmediate(resolve);
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(abortedError(signal));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
