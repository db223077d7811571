/**
 * Retries with a budget: full jitter, exponential, bounded in count and in time.
 *
 * Throttling is no failure: a service that asks for patience is there, and has done nothing. Waiting for it is what slows
 * its callers down, so it takes nothing from the budget that notices a service that is gone; it has a bound of its own.
 *
 *     ├─ attempt ✕ ─ wait ─┼─ throttled ─ wait ─┼─ throttled ─ wait ──┼─ attempt ✕ ─ wait ─┤
 *      attemptsMax, elapsedMsMax        throttledMsMax                 attemptsMax, elapsedMsMax
 *
 * Invariants:
 * - Only errors that the caller names are retried; the last one is thrown as it came.
 */
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import { randomFraction } from './random.ts';

/** How often and how long to try. */
export interface RetryPolicy {
  /** The most calls made, the first included, throttled ones excepted. */
  readonly attemptsMax: number;
  /** The longest first wait; it doubles with every further wait. */
  readonly delayMs: number;
  /** The longest wait. */
  readonly delayMsMax: number;
  /** No wait is begun that would end later than this after the first call, time lost to throttling excepted. */
  readonly elapsedMsMax: number;
  /**
   * The most time that throttled calls and the waits after them may take. By default there is none: throttling is a
   * failure like any other.
   */
  readonly throttledMsMax?: number | undefined;
}

/** What a retry needs from outside. */
export interface RetryContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

/** Whether an error is worth another attempt; `throttled` if the service asked for patience. */
export type RetryVerdict = boolean | 'throttled';

/**
 * Calls `attempt` until it succeeds, its error is not `retryable`, or the policy is exhausted.
 *
 * @throws whatever the last attempt threw; `CLORTHO_ABORTED` if the signal aborts during a wait.
 */
export async function retry<T>(
  policy: RetryPolicy,
  { clock, random, signal }: RetryContext,
  retryable: (error: unknown) => RetryVerdict,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  const { attemptsMax, elapsedMsMax, throttledMsMax = 0 } = policy;
  const started = clock.monotonic();
  let throttledMs = 0;
  let throttledInARow = 0;
  for (let number = 1, failures = 0; ; number += 1) {
    const begun = clock.monotonic();
    try {
      return await attempt(number);
    } catch (error) {
      const verdict = retryable(error);
      if (verdict === 'throttled' && throttledMsMax > 0) {
        throttledInARow += 1;
        const delay = drawDelay(policy, random, throttledInARow);
        if (throttledMs + clock.monotonic() - begun + delay > throttledMsMax) throw error;
        await clock.sleep(delay, signal);
        throttledMs += clock.monotonic() - begun;
        continue;
      }
      throttledInARow = 0;
      failures += 1;
      if (failures >= attemptsMax || verdict === false) throw error;
      const delay = drawDelay(policy, random, failures);
      if (clock.monotonic() - started - throttledMs + delay > elapsedMsMax) throw error;
      await clock.sleep(delay, signal);
    }
  }
}

function drawDelay({ delayMs, delayMsMax }: RetryPolicy, random: Random, failures: number): number {
  return Math.min(delayMs * 2 ** (failures - 1), delayMsMax) * randomFraction(random);
}
