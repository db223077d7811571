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

/** How far the fine clock may be ahead of the wall clock before it is set again. */
const AHEAD_MS_MAX = 5;

/**
 * Returns the time of day in microseconds. The clock of the process counts finely, from when the process began: it is set
 * again when the wall clock was, or went on alone while the machine slept. It is never behind `Date.now()`: what happened
 * before a caller looked at that has no later time.
 */
function timeOfDay(): () => number {
  let originMs = performance.timeOrigin;
  return () => {
    const wallMs = Date.now();
    const fineMs = originMs + performance.now();
    const aheadMs = fineMs - wallMs;
    if (aheadMs >= 0 && aheadMs <= AHEAD_MS_MAX) return Math.round(fineMs * 1000);
    originMs -= aheadMs;
    return wallMs * 1000;
  };
}

/** The clock of the machine. A pending sleep keeps the process alive until it ends or is aborted. */
export const systemClock: Clock = {
  now: timeOfDay(),
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
