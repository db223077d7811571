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
 * - The guard covers two clocks that run apart by 500 ppm each.
 */
import { ClorthoError } from '@clortho/base';

/** How a session keeps time; all in milliseconds. */
export interface LeaseTiming {
  /** How long others wait without a sign of life before they take over; 10,000 by default. */
  readonly durationMs: number;
  /** From one renewal to the next; 2,500 by default. */
  readonly renewMs: number;
  /** How much earlier than the others the owner itself takes its leases for lost; 1,500 by default. */
  readonly guardMs: number;
  /** How long one call to the registers may take; two fifths of `renewMs` by default. */
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

/**
 * Returns complete times.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if one is not positive and finite, the duration is no integer, or they do
 *   not fit together.
 */
export function leaseTiming(options: Partial<LeaseTiming>): LeaseTiming {
  const { durationMs = DURATION_MS, renewMs = RENEW_MS, guardMs = GUARD_MS } = options;
  const { attemptMs = renewMs * 0.4, pollMs = Math.min(renewMs * 0.4, POLL_MS_MAX) } = options;
  const timing: LeaseTiming = { durationMs, renewMs, guardMs, attemptMs, pollMs };
  for (const [name, ms] of Object.entries(timing)) {
    if (ms > 0 && Number.isFinite(ms)) continue;
    throw new ClorthoError('CLORTHO_INVALID', `a time of a lease is positive: ${name}=${ms}`);
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
  if (guardMs < durationMs * DRIFT) {
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a guard covers the drift of two clocks: guardMs=${guardMs} guardMsMin=${durationMs * DRIFT}`,
    );
  }
  return timing;
}
