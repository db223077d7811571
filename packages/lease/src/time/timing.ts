/**
 * The times of a session, checked once.
 *
 *     send ──► reply         renew            renew            renew
 *      |─────────────────────────── durationMs ──────────────────────────|
 *      |────────────────────── valid ───────────────────────|─ guardMs ──|
 *                                                                        others may take over
 *
 * Invariants:
 * - Two renewals in a row may fail, and a third still comes before validity ends: duration ≥ 3 × renew + guard.
 * - The guard covers two clocks that run apart by 500 ppm each, and a sleep that is too short to be seen.
 * - A call that hangs ends before the next renewal is due.
 * - Each is a time that one timer can wait.
 */
import { ClorthoError } from '@clortho/base';
import { TIMER_MS_MAX } from './sleep-long.ts';
import { JUMP_MS_MIN } from './waking-time.ts';

/** How a session keeps time; all in milliseconds. */
export interface LeaseTiming {
  /** How long others wait without a sign of life before they take over; 10,000 by default. */
  readonly durationMs: number;
  /** From one renewal to the next; 2,500 by default. */
  readonly renewMs: number;
  /**
   * How much earlier than the others the owner itself takes its leases for lost; 1,500 by default, at least 30 and a
   * thousandth of the duration.
   */
  readonly guardMs: number;
  /** How long one call to the registers may take; two fifths of `renewMs` by default, `renewMs` at most. */
  readonly attemptMs: number;
  /** From one look at a resource that is taken to the next; two fifths of `renewMs` by default, 1,000 at most. */
  readonly pollMs: number;
}

const DURATION_MS = 10_000;
const RENEW_MS = 2500;
const GUARD_MS = 1500;
const POLL_MS_MAX = 1000;
/** Two clocks, each up to 500 ppm off, in opposite directions. */
const DRIFT = 0.001;
/** Sleep that nobody sees, and the readings of clocks that are a few milliseconds old. */
const UNSEEN_MS = 2 * JUMP_MS_MIN + 10;

/**
 * Returns complete times.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if one is not positive or above 2³¹ − 1, the duration is no integer, or they
 *   do not fit together.
 */
export function leaseTiming(options: Partial<LeaseTiming>): LeaseTiming {
  const { durationMs = DURATION_MS, renewMs = RENEW_MS, guardMs = GUARD_MS } = options;
  const { attemptMs = renewMs * 0.4, pollMs = Math.min(renewMs * 0.4, POLL_MS_MAX) } = options;
  const timing: LeaseTiming = { durationMs, renewMs, guardMs, attemptMs, pollMs };
  for (const [name, ms] of Object.entries(timing)) {
    if (ms > 0 && ms <= TIMER_MS_MAX) continue;
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a time of a lease is positive, and fits into a timer: ${name}=${ms} msMax=${TIMER_MS_MAX}`,
    );
  }
  if (!Number.isSafeInteger(durationMs)) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a duration is in whole milliseconds: durationMs=${durationMs}`,
    );
  }
  if (durationMs < 3 * renewMs + guardMs) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a lease outlives three renewals and the guard: durationMs=${durationMs} renewMs=${renewMs} guardMs=${guardMs}`,
    );
  }
  const guardMsMin = durationMs * DRIFT + UNSEEN_MS;
  if (guardMs < guardMsMin) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a guard covers the drift of two clocks, and unseen sleep: guardMs=${guardMs} guardMsMin=${guardMsMin}`,
    );
  }
  if (attemptMs > renewMs) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a call ends before the next renewal is due: attemptMs=${attemptMs} renewMs=${renewMs}`,
    );
  }
  return timing;
}
