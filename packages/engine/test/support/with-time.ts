/** Lets virtual time pass while something is under way. */
import type { VirtualClock } from '@clortho/testkit';

/** Returns what `work` comes to; the clock moves on by a millisecond at a time until then. */
export async function withTime<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isSettled = false;
  const settling = work.finally(() => {
    isSettled = true;
  });
  settling.catch(() => undefined); // Reported to the caller below.
  while (!isSettled) await clock.advance(1);
  return settling;
}
