/** Work that ends with whichever of two signals aborts first. */
import { shared } from '@clortho/base';

/** Calls `work` with a signal that aborts with either of the two; no listener is left behind. */
export async function withEither<T>(
  first: AbortSignal,
  second: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (second === undefined) return work(first);
  const either = new AbortController();
  const onFirst = (): void => either.abort(first.reason);
  const onSecond = (): void => either.abort(second.reason);
  if (first.aborted) onFirst();
  if (second.aborted) onSecond();
  shared(first).addEventListener('abort', onFirst, { once: true });
  shared(second).addEventListener('abort', onSecond, { once: true });
  try {
    return await work(either.signal);
  } finally {
    first.removeEventListener('abort', onFirst);
    second.removeEventListener('abort', onSecond);
  }
}
