/** Waiting that its caller can end: the work goes on, and nobody hears of it. */
import { abortedError, shared } from '@clortho/base';

/**
 * Returns what `work` comes to. If `signal` aborts before, and the caller may still be told so, rejects at once.
 *
 * @throws {ClorthoError} `CLORTHO_ABORTED`.
 */
export function abortable<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  mayAbort: () => boolean = () => true,
): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      if (mayAbort()) reject(abortedError(signal));
    };
    shared(signal).addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
