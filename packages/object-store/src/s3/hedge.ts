/**
 * Hedged requests: a second one for the few that take much longer than most, and the first answer wins.
 *
 *     request  |─────────────────────────────────── (aborted)
 *                        hedge |───────| answer
 *              └─ quantile ────┘
 *
 * The delay is a quantile of the latest durations, so about `1 - quantile` of all requests are sent twice. When
 * everything gets slow at once a second request would only add to it: a budget keeps hedges to a tenth of the requests.
 *
 * Source: J. Dean and L. A. Barroso, "The Tail at Scale", CACM 56 (2013).
 *
 * Invariants:
 * - The loser is aborted as soon as there is an answer.
 * - A request fails only if both fail, and then as the first did.
 */
import type { Clock } from '@clortho/base';
import type { ObjectCounters } from '../object-store.ts';

/** When to send a second request. */
export interface HedgeOptions {
  /** The share of requests that is expected to be answered without one; 0.95 by default. */
  readonly quantile?: number | undefined;
  /** The shortest delay of a second request; 10 by default. */
  readonly delayMsMin?: number | undefined;
}

/** Sends requests, some of them twice. */
export interface Hedge {
  /** Returns what the first successful call of `send` returns; it is called once, or twice. */
  run<T>(signal: AbortSignal | undefined, send: HedgedSend<T>): Promise<T>;
}

/** Sends one request; calls `onRepeat` if it failed and is about to be repeated, which makes a hedge pointless. */
export type HedgedSend<T> = (signal: AbortSignal, onRepeat: () => void) => Promise<T>;

const QUANTILE = 0.95;
const DELAY_MS_MIN = 10;
/** Durations remembered; the quantile of fewer than the least is a guess. */
const DURATIONS_MAX = 256;
const DURATIONS_MIN = 16;
/** What a request adds to the budget, of which a hedge takes 1. */
const BUDGET_PER_REQUEST = 0.1;
const BUDGET_MAX = 10;

/** Returns a hedge that counts its requests in `counters`. */
export function hedge(
  { quantile = QUANTILE, delayMsMin = DELAY_MS_MIN }: HedgeOptions,
  clock: Clock,
  counters: ObjectCounters,
): Hedge {
  const durations: number[] = [];
  let next = 0;
  let budget = 0;

  const remember = (durationMs: number): void => {
    durations[next] = durationMs;
    next = (next + 1) % DURATIONS_MAX;
  };
  const delayMs = (): number | undefined => {
    if (durations.length < DURATIONS_MIN) return undefined;
    const sorted = durations.toSorted((left, right) => left - right);
    return Math.max(delayMsMin, sorted[Math.floor(quantile * (sorted.length - 1))] as number);
  };
  return {
    async run(signal, send) {
      budget = Math.min(BUDGET_MAX, budget + BUDGET_PER_REQUEST);
      const startedMs = clock.monotonic();
      const answered = new AbortController();
      const both = signal === undefined ? answered.signal : AbortSignal.any([signal, answered.signal]);
      let mayHedge = true;
      const first = send(both, () => {
        mayHedge = false;
      });
      const wait = delayMs();
      try {
        if (wait === undefined) return await first;
        const second = clock.sleep(wait, both).then(() => {
          if (!mayHedge || budget < 1) return first;
          mayHedge = false;
          budget -= 1;
          counters.hedges = (counters.hedges ?? 0) + 1;
          return send(both, () => undefined).then((value) => {
            if (!both.aborted) counters.hedgesWon = (counters.hedgesWon ?? 0) + 1;
            return value;
          });
        });
        first.then(
          () => answered.abort(),
          () => mayHedge && answered.abort(), // Nothing else is on its way: do not wait for the delay.
        );
        return await Promise.any([first, second]);
      } catch (error) {
        if (error instanceof AggregateError) return await first; // Both failed: the first error says why.
        throw error;
      } finally {
        answered.abort();
        remember(clock.monotonic() - startedMs);
      }
    },
  };
}
