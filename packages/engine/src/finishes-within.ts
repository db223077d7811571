/** Waiting with an end. */
import type { Clock } from '@clortho/base';

/** Tells whether `work` finishes within `ms` milliseconds; rejects if it does so within them. No sleep stays behind. */
export async function finishesWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const timeIsUp = clock.sleep(ms, timer.signal).then(
    () => false,
    () => true, // Only when the work was faster, which then has settled the race.
  );
  try {
    return await Promise.race([work.then(() => true), timeIsUp]);
  } finally {
    timer.abort();
  }
}

/** Waits until all have ended, whatever becomes of each; throws what the first of those threw that failed. */
export async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
