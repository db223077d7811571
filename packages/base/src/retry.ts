/**
 * Retries with a budget: full jitter, exponential, bounded in count and in time.
 *
 * Invariants:
 * - Only errors that the caller names are retried; the last one is thrown as it came.
 */
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import { randomFraction } from './random.ts';

/** How often and how long to try. */
export interface RetryPolicy {
  /** The most calls made, the first included. */
  readonly attemptsMax: number;
  /** The longest first wait; it doubles with every further wait. */
  readonly delayMs: number;
  /** The longest wait. */
  readonly delayMsMax: number;
  /** No wait is begun that would end later than this after the first call. */
  readonly elapsedMsMax: number;
}

/** What a retry needs from outside. */
export interface RetryContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `attempt` until it succeeds, its error is not `retryable`, or the policy is exhausted.
 *
 * @throws whatever the last attempt threw; `CLORTHO_ABORTED` if the signal aborts during a wait.
 */
export async function retry<T>(
  policy: RetryPolicy,
  context: RetryContext,
  retryable: (error: unknown) => boolean,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  const started = context.clock.monotonic();
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (number >= policy.attemptsMax || !retryable(error)) throw error;
      const ceiling = Math.min(policy.delayMs * 2 ** (number - 1), policy.delayMsMax);
      const delay = ceiling * randomFraction(context.random);
      if (context.clock.monotonic() - started + delay > policy.elapsedMsMax) throw error;
      await context.clock.sleep(delay, context.signal);
    }
  }
}
