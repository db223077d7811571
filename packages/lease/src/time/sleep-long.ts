/** Sleeps of any length: a timer of the machine that is set to more than its most fires at once. */
import { type Clock, ClorthoError } from '@clortho/base';

/** The most milliseconds of one timer. */
export const TIMER_MS_MAX: number = 2 ** 31 - 1;

/** Sleeps `ms` milliseconds, for ever if that is `Infinity`. @throws {ClorthoError} `CLORTHO_ABORTED`. */
export async function sleepLong(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const endMs = clock.monotonic() + ms;
  for (let leftMs = ms; leftMs > TIMER_MS_MAX; leftMs = endMs - clock.monotonic())
    await clock.sleep(TIMER_MS_MAX, signal);
  await clock.sleep(endMs - clock.monotonic(), signal);
}

/** Returns `ms` if it is a time to wait, `Infinity` included. @throws {ClorthoError} `CLORTHO_INVALID`. */
export function checkedMs(name: string, ms: number): number {
  if (ms >= 0) return ms;
  throw new ClorthoError('CLORTHO_INVALID', `a time is not negative: ${name}=${ms}`);
}
