/**
 * Work on registers that is given up when nothing answers any more: a connection that is half open never says so.
 *
 *     call ──► answer ──► answer ──► …                        goes on, however long all of it takes
 *                         |──────── answerMs ────────| abort   CLORTHO_UNAVAILABLE
 *
 * Invariants:
 * - Work that ended leaves no timer and no listener behind.
 */
import { abortedError, type Clock, ClorthoError, isClorthoError, throwIfAborted } from '@clortho/base';
import { withEither } from '../time/either-signal.ts';
import { pause } from '../time/pause.ts';

/** Work that is under way. */
export interface Answered {
  /** Aborts when the work is to end. */
  readonly signal: AbortSignal;
  /** To be called with every answer. */
  heard(): void;
}

/**
 * Calls `work` with a signal that aborts when `signal` does, or when nothing was heard for `answerMs` milliseconds.
 *
 * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if nothing was heard for so long; else what `work` throws.
 */
export async function whileAnswered<T>(
  clock: Clock,
  answerMs: number,
  signal: AbortSignal,
  work: (answered: Answered) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const over = new AbortController();
  let heardMs = clock.monotonic();
  const watch = async (): Promise<void> => {
    for (let leftMs = answerMs; leftMs > 0; leftMs = heardMs + answerMs - clock.monotonic()) {
      await pause(clock, Math.max(1, leftMs), over.signal, undefined);
      if (over.signal.aborted) return;
    }
    late.abort(new ClorthoError('CLORTHO_UNAVAILABLE', `no answer in time: ms=${answerMs}`));
  };
  const watching = watch();
  const heard = (): void => {
    heardMs = clock.monotonic();
  };
  try {
    return await withEither(late.signal, signal, (either) => work({ signal: either, heard }));
  } catch (error) {
    const reason: unknown = late.signal.reason;
    throw isClorthoError(error, 'CLORTHO_ABORTED') && late.signal.aborted ? reason : error;
  } finally {
    over.abort();
    await watching;
  }
}

/** Returns what `work` comes to, without waiting for it once `signal` has aborted. @throws {ClorthoError} `CLORTHO_ABORTED`. */
export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  throwIfAborted(signal);
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortedError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
