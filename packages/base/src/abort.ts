/** Cancellation: an `AbortSignal` becomes a `CLORTHO_ABORTED` error whose cause is the signal's reason. */
import { ClorthoError } from './errors.ts';

/** Returns the error that a call aborted by `signal` rejects with. */
export function abortedError(signal?: AbortSignal): ClorthoError {
  return new ClorthoError('CLORTHO_ABORTED', 'the call was aborted', { cause: signal?.reason });
}

/**
 * Returns normally unless `signal` has aborted.
 *
 * @throws {ClorthoError} `CLORTHO_ABORTED`.
 */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw abortedError(signal);
}
