/** Waiting for a resource: one look after the other, never more often than the poll says. */
import { type Clock, ClorthoError, isClorthoError, type Random, randomFraction } from '@clortho/base';
import { isPassing } from '../record/register-line.ts';
import type { Pulse } from '../time/pulse.ts';
import { checkedMs, sleepLong } from '../time/sleep-long.ts';
import type { Look } from './holdings.ts';
import type { Lease } from './lease.ts';

/** How to wait. */
export interface Wait {
  readonly resource: string;
  readonly waitMs: number;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends a wait early: something changed in this process, with the resource or with all. */
  readonly pulse: Pulse;
  readonly signal: AbortSignal | undefined;
  /** Looks; aborted, it gives up its place behind others of this process, but no look that has begun. */
  readonly look: (patience: AbortSignal) => Promise<Look>;
  /** How long a look may take; so long it may wait for others, too. */
  readonly lookMs: number;
}

/**
 * Returns a lease as soon as a look brings one. Looks that fail because the registers cannot be reached are repeated.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if `waitMs` is no time; `CLORTHO_UNAVAILABLE` when it is over;
 *   `CLORTHO_ABORTED`; what looks throw.
 */
export async function waitFor(wait: Wait): Promise<Lease> {
  const { lookMs, clock } = wait;
  const waitMs = checkedMs('waitMs', wait.waitMs);
  const patience = new AbortController();
  const over = new AbortController();
  try {
    if (Number.isFinite(waitMs)) {
      sleepLong(clock, Math.max(waitMs, lookMs), over.signal).then(
        () => patience.abort(IMPATIENT),
        // It did not take so long.
        () => undefined,
      );
    }
    return await lookUntilFree(wait, patience.signal);
  } finally {
    over.abort(IMPATIENT);
  }
}

const IMPATIENT = 'impatient';

async function lookUntilFree(wait: Wait, patience: AbortSignal): Promise<Lease> {
  const { resource, waitMs, pollMs, clock, random, pulse, signal, look } = wait;
  const endMs = clock.monotonic() + waitMs;
  for (;;) {
    let cause: unknown;
    let silenceMs: number | undefined;
    try {
      const seen = await look(patience);
      if (seen.lease !== undefined) return seen.lease;
      silenceMs = seen.silenceMs;
    } catch (error) {
      const isGivenUp = patience.aborted && signal?.aborted !== true;
      if (!isPassing(error) && !(isGivenUp && isClorthoError(error, 'CLORTHO_ABORTED'))) throw error;
      cause = error;
    }
    const leftMs = endMs - clock.monotonic();
    if (leftMs <= 0 || patience.aborted) {
      throw new ClorthoError(
        'CLORTHO_UNAVAILABLE',
        `the resource was not to be had: resource=${resource} waitMs=${waitMs}`,
        { cause },
      );
    }
    const jitteredMs = pollMs * (0.5 + randomFraction(random) / 2);
    await pulse.wait(Math.min(jitteredMs, silenceMs ?? pollMs, leftMs), signal, resource);
  }
}
