/**
 * A circuit breaker: what keeps failing is left alone for a while.
 *
 *     running --failuresMax in a row--> stopped --pauseMs later--> one more try --works--> running
 *        '---works: count again          ^                             |
 *                                        '-----------fails------------'
 *
 * Invariants:
 * - A stop is told once, however long it lasts, and so is its end.
 */
import type { Clock } from '@clortho/base';

/** Counts failures of one kind of call. */
export interface Breaker {
  /** Tells whether to try: always, except in the pause after failures. */
  allows(): boolean;
  /** A call worked. */
  succeeded(): void;
  /** A call failed. */
  failed(error: unknown): void;
  /** Something that no further try will mend soon: stops at once. */
  stop(error: unknown): void;
}

/** How patient a breaker is, and whom it tells. */
export interface BreakerOptions {
  readonly clock: Clock;
  /** So many failures in a row stop it. */
  readonly failuresMax: number;
  /** How long it stays away. */
  readonly pauseMs: number;
  readonly onStop: (error: unknown) => void;
  readonly onResume: () => void;
}

/** Returns a running breaker. */
export function breaker({ clock, failuresMax, pauseMs, onStop, onResume }: BreakerOptions): Breaker {
  let failures = 0;
  let resumeAt = Number.NEGATIVE_INFINITY;
  let isStopped = false;
  const allows = (): boolean => clock.monotonic() >= resumeAt;
  const stop = (error: unknown): void => {
    failures = failuresMax;
    resumeAt = clock.monotonic() + pauseMs;
    if (isStopped) return;
    isStopped = true;
    onStop(error);
  };
  return {
    allows,
    stop,
    failed(error) {
      failures += 1;
      if (failures >= failuresMax) stop(error);
    },
    succeeded() {
      // What began before the stop and ends after it says nothing about the time since.
      if (!allows()) return;
      failures = 0;
      if (!isStopped) return;
      isStopped = false;
      onResume();
    },
  };
}
