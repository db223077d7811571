/** A clock that a test moves by hand: sleeps end when the test says that time has passed. */
import { abortedError, type Clock } from '../src/index.ts';

/** A {@link Clock} whose time only {@link ManualClock.advance} moves. */
export interface ManualClock extends Clock {
  /** The lengths of all sleeps begun so far, in milliseconds. */
  readonly sleeps: readonly number[];
  /** Moves time by `ms` and lets the sleeps that are due end, and what waits for them run. */
  advance(ms: number): Promise<void>;
}

/** Returns a clock that begins at `startMs` since the epoch. */
export function manualClock(startMs = 0): ManualClock {
  let elapsed = 0;
  const sleeps: number[] = [];
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    sleeps,
    now: () => Math.round((startMs + elapsed) * 1000),
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleeps.push(ms);
        const sleeper = { until: elapsed + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(abortedError(signal));
        });
      }),
    async advance(ms) {
      elapsed += ms;
      for (const sleeper of sleepers) {
        if (sleeper.until > elapsed) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await new Promise(setImmediate);
    },
  };
}
