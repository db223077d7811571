/** Cancellation: an `AbortSignal` becomes a `CLORTHO_ABORTED` error whose cause is the signal's reason. */
import { setMaxListeners } from 'node:events';
import { ClorthoError } from './errors.ts';

/** Returns the error that a call aborted by `signal` rejects with. */
export function abortedError(signal?: AbortSignal): ClorthoError {
  return new ClorthoError('CLORTHO_ABORTED', 'the call was aborted', { cause: signal?.reason });
}

/** Returns `signal`, which any number of calls may share from now on: their listeners go with them, that is no leak. */
export function shared<T extends AbortSignal | undefined>(signal: T): T {
  if (signal !== undefined) setMaxListeners(0, signal);
  return signal;
}

/** Returns the options of a call of the AWS SDK that `signal` aborts. */
export function sendOptions(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: shared(signal) };
}

/**
 * Returns normally unless `signal` has aborted.
 *
 * @throws {ClorthoError} `CLORTHO_ABORTED`.
 */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw abortedError(signal);
}
