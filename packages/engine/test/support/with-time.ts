/** Lets virtual time pass while something is under way. */
import type { VirtualClock } from '@clortho/testkit';

/** Returns what `work` comes to; the clock moves on in steps, of a millisecond by default, until then. */
export async function withTime<T>(clock: VirtualClock, work: Promise<T>, stepMs = 1): Promise<T> {
  let isSettled = false;
  const settling = work.finally(() => {
    isSettled = true;
  });
  settling.catch(() => undefined); // Reported to the caller below.
  while (!isSettled) await clock.advance(stepMs);
  return settling;
}
