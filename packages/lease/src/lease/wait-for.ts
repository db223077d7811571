/** Waiting for a resource: one look after the other, never more often than the poll says. */
import { type Clock, ClorthoError, type Random, randomFraction } from '@clortho/base';
import { isPassing } from '../record/register-line.ts';
import type { Pulse } from '../time/pulse.ts';
import type { Look } from './holdings.ts';
import type { Lease } from './lease.ts';

/** How to wait. */
export interface Wait {
  readonly resource: string;
  readonly waitMs: number;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends a wait early: something changed in this process. */
  readonly pulse: Pulse;
  readonly signal: AbortSignal | undefined;
  readonly look: () => Promise<Look>;
}

/**
 * Returns a lease as soon as a look brings one. Looks that fail because the registers cannot be reached are repeated.
 *
 * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` when `waitMs` are over, `CLORTHO_ABORTED`, what looks throw.
 */
export async function waitFor(wait: Wait): Promise<Lease> {
  const { resource, waitMs, pollMs, clock, random, pulse, signal, look } = wait;
  const endMs = clock.monotonic() + waitMs;
  for (;;) {
    let cause: unknown;
    let silenceMs: number | undefined;
    try {
      const seen = await look();
      if (seen.lease !== undefined) return seen.lease;
      silenceMs = seen.silenceMs;
    } catch (error) {
      if (!isPassing(error)) throw error;
      cause = error;
    }
    const leftMs = endMs - clock.monotonic();
    if (leftMs <= 0) {
      throw new ClorthoError(
        'CLORTHO_UNAVAILABLE',
        `the resource was not to be had: resource=${resource} waitMs=${waitMs}`,
        { cause },
      );
    }
    const jitteredMs = pollMs * (0.5 + randomFraction(random) / 2);
    await pulse.wait(Math.min(jitteredMs, silenceMs ?? pollMs, leftMs), signal);
  }
}
