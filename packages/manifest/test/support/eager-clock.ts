/** A clock whose sleeps pass at once: time is what was slept. */
import type { Clock } from '@clortho/base';

/** Returns a clock that begins at a fixed moment. `wake` runs before a sleep ends. */
export function eagerClock(wake: () => Promise<void> = () => Promise.resolve()): Clock {
  let elapsedMs = 0;
  return {
    now: () => 1_700_000_000_000_000 + Math.round(elapsedMs * 1000),
    monotonic: () => elapsedMs,
    async sleep(ms) {
      elapsedMs += ms;
      await wake();
    },
  };
}
