/** Calls as a wire carries them: the work, and what its caller is told when something comes between. */
import { abortedError, ClorthoError, shared } from '@clortho/base';
import type { CallSubject } from './fault.ts';

/** A call and how to perform it. */
export interface WireCall<T> extends CallSubject {
  /** Does the work. Called any number of times, at any time: it owns its arguments. */
  readonly effect: () => Promise<T>;
  /** Whether the work changes anything. */
  readonly writes: boolean;
  /** Does the work as of a time on the clock; absent where reads are never stale. */
  readonly staleEffect?: ((atMs: number) => Promise<T>) | undefined;
  /** What a caller is told whose reply was lost after it may have taken effect. */
  readonly lost: 'CLORTHO_UNAVAILABLE' | 'CLORTHO_OUTCOME_UNKNOWN';
  /** What an abort says once the call was sent. */
  readonly aborted: 'CLORTHO_ABORTED' | 'CLORTHO_OUTCOME_UNKNOWN';
  /** For traces: what the call is about, and what the work came to. */
  readonly subjectText: () => string;
  readonly resultText: (result: T) => string;
  readonly signal?: AbortSignal | undefined;
  /** Called with a result whose reply is lost. */
  readonly onLostResult?: ((result: T) => void) | undefined;
}

/** How every read travels: it changes nothing, so whatever is lost may be asked again. */
export const READ_CALL = {
  writes: false,
  lost: 'CLORTHO_UNAVAILABLE',
  aborted: 'CLORTHO_ABORTED',
} as const;

/** Returns the reply of a journey, or rejects as soon as the signal of its call aborts; the journey goes on. */
export function withAbort<T>(journey: Promise<T>, { aborted, signal }: WireCall<T>): Promise<T> {
  if (signal === undefined) return journey;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      if (aborted === 'CLORTHO_ABORTED') reject(abortedError(signal));
      else reject(new ClorthoError(aborted, 'the call was aborted on its way', { cause: signal.reason }));
    };
    shared(signal).addEventListener('abort', onAbort, { once: true });
    journey.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
