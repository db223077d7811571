/** A wait that an abort cuts short: for loops that look at their signals themselves. */
import { type Clock, isClorthoError } from '@clortho/base';
import { withEither } from './either-signal.ts';
import { sleepLong } from './sleep-long.ts';

/** Returns after `ms` milliseconds, or as soon as one of the signals aborts. */
export async function pause(
  clock: Clock,
  ms: number,
  first: AbortSignal,
  second: AbortSignal | undefined,
): Promise<void> {
  try {
    await withEither(first, second, (either) => sleepLong(clock, ms, either));
  } catch (error) {
    if (!isClorthoError(error, 'CLORTHO_ABORTED')) throw error;
  }
}
