/**
 * Requests to a cloud, tried again within a budget, without ever guessing what became of a write.
 *
 * An attempt fails in one of five ways:
 *
 *     lost       the backend says that the condition did not hold
 *     refused    certainly not applied, and never will be: missing table, wrong credentials, bad request
 *     retryable  certainly not applied this time: in conflict with a transaction, nothing listens there
 *     throttled  the same, and the backend asks for patience: it is waited for, within a bound of its own
 *     uncertain  may have been applied, or may yet be: connection reset, timeout, internal error
 *
 * Invariants:
 * - A lost attempt after an uncertain one is uncertain itself: it may have lost against its own predecessor.
 * - A success after an uncertain attempt is a success: two writes that expect one version cannot both succeed.
 */
import {
  abortedError,
  type Clock,
  ClorthoError,
  isClorthoError,
  type Random,
  type RetryPolicy,
  type RetryVerdict,
  retry,
} from '@clortho/base';
import type { Register } from './register-store.ts';

/** How an attempt failed. */
export type Failure =
  | { readonly kind: 'lost'; readonly current: readonly (Register | undefined)[] }
  | { readonly kind: 'refused' | 'retryable' | 'throttled'; readonly error: ClorthoError }
  | { readonly kind: 'uncertain'; readonly cause: unknown };

/** The budget of a call: about ten seconds, then the caller decides. Throttling slows calls down for much longer. */
export const RETRY_DEFAULT: RetryPolicy = {
  attemptsMax: 12,
  delayMs: 25,
  delayMsMax: 1000,
  elapsedMsMax: 10_000,
  throttledMsMax: 300_000,
};

/** What attempts need to know of their store. */
export interface AttemptContext {
  readonly name: string;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Random;
  /** Tells whether the store was closed, after which nothing is tried again. */
  readonly closed: () => boolean;
}

class AttemptFailed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind);
    this.failure = failure;
  }
}

/**
 * Reads, again and again while that may help.
 *
 * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` when the budget is used up; `CLORTHO_ABORTED`; what a refusal says.
 */
export async function attemptRead<T>(
  context: AttemptContext,
  signal: AbortSignal | undefined,
  classify: (error: unknown) => Failure,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt(context, signal, classify, send);
  } catch (error) {
    throw finalError(error, context, signal);
  }
}

/**
 * Writes, again and again while that may help.
 *
 * @returns the lost swap's registers, or `undefined` if the write was applied.
 * @throws {ClorthoError} `CLORTHO_OUTCOME_UNKNOWN` if some attempt may have been applied; else
 *   `CLORTHO_UNAVAILABLE` when the budget is used up, `CLORTHO_ABORTED`, or what a refusal says.
 */
export async function attemptWrite(
  context: AttemptContext,
  signal: AbortSignal | undefined,
  classify: (error: unknown) => Failure,
  send: () => Promise<unknown>,
): Promise<readonly (Register | undefined)[] | undefined> {
  let uncertain: unknown;
  const classifyAndRemember = (error: unknown): Failure => {
    const failure = classify(error);
    if (failure.kind === 'uncertain') uncertain = failure.cause;
    return failure;
  };
  try {
    await attempt(context, signal, classifyAndRemember, send);
    return undefined;
  } catch (error) {
    if (uncertain !== undefined) throw outcomeUnknown(context, uncertain);
    if (error instanceof AttemptFailed && error.failure.kind === 'lost') return error.failure.current;
    throw finalError(error, context, signal);
  }
}

function attempt<T>(
  { policy, clock, random, closed }: AttemptContext,
  signal: AbortSignal | undefined,
  classify: (error: unknown) => Failure,
  send: () => Promise<T>,
): Promise<T> {
  const isWorthRetrying = (error: unknown): RetryVerdict => {
    if (!(error instanceof AttemptFailed) || closed() || signal?.aborted === true) return false;
    const { kind } = error.failure;
    return kind === 'throttled' ? kind : kind === 'retryable' || kind === 'uncertain';
  };
  return retry(policy, { clock, random, signal }, isWorthRetrying, async () => {
    try {
      return await send();
    } catch (error) {
      if (isClorthoError(error)) throw error;
      throw new AttemptFailed(classify(error));
    }
  });
}

function finalError(
  error: unknown,
  { name, closed }: AttemptContext,
  signal: AbortSignal | undefined,
): unknown {
  if (!(error instanceof AttemptFailed) || error.failure.kind === 'lost') return error;
  if (closed()) return new ClorthoError('CLORTHO_CLOSED', `registers are closed: store=${name}`);
  if (signal?.aborted === true) return abortedError(signal);
  if (error.failure.kind !== 'uncertain') return error.failure.error;
  const { cause } = error.failure;
  return new ClorthoError('CLORTHO_UNAVAILABLE', `request failed: store=${name} reason=${reasonOf(cause)}`, {
    cause,
  });
}

function outcomeUnknown({ name }: AttemptContext, cause: unknown): ClorthoError {
  return new ClorthoError(
    'CLORTHO_OUTCOME_UNKNOWN',
    `write may have been applied: store=${name} reason=${reasonOf(cause)}`,
    {
      cause,
    },
  );
}

/** Returns the name and text of an error for a message. */
export function reasonOf(error: unknown): string {
  if (isClorthoError(error)) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
