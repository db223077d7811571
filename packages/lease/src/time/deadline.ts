/** Calls that end in time: what takes longer is aborted, and says so. */
import { type Clock, ClorthoError, isClorthoError, throwIfAborted } from '@clortho/base';

/**
 * Calls `work` with a signal that aborts after `ms` milliseconds or with `signal`, and returns what it returns. No timer
 * and no listener is left behind.
 *
 * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if the time was over and the work came to nothing for certain;
 *   `CLORTHO_ABORTED` if `signal` aborted; else what `work` throws.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  throwIfAborted(signal);
  const deadline = new AbortController();
  const timer = new AbortController();
  const onAbort = (): void => deadline.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  clock.sleep(ms, timer.signal).then(
    () => deadline.abort(new ClorthoError('CLORTHO_UNAVAILABLE', `no answer in time: ms=${ms}`)),
    // Only the end of the call below aborts this sleep.
    () => undefined,
  );
  try {
    return await work(deadline.signal);
  } catch (error) {
    const isLate = deadline.signal.aborted && signal?.aborted !== true;
    if (isLate && isClorthoError(error, 'CLORTHO_ABORTED')) throw deadline.signal.reason;
    throw error;
  } finally {
    timer.abort();
    signal?.removeEventListener('abort', onAbort);
  }
}
