/**
 * Elections: whoever holds the lease of a resource is its leader, for a term.
 *
 *     for await (const term of session.campaign('leader', { signal })) await lead(term);
 *
 * Invariants:
 * - At most one term of a resource is valid at a time, and its token is higher than that of every term before.
 * - However the loop is left, the term that it had is released.
 */
import { type Clock, isClorthoError } from '@clortho/base';
import type { Lease, LossReason } from '../lease/lease.ts';

/** Options of `LeaseSession.campaign`. */
export interface CampaignOptions {
  /** Ends the campaign; it is not an error. */
  readonly signal?: AbortSignal | undefined;
}

/** The part of a session that a campaign needs. */
export interface Candidate {
  readonly clock: Clock;
  readonly ended: LossReason | undefined;
  acquire(resource: string, options: CampaignOptions): Promise<Lease>;
}

/** Yields the terms of a candidate; see `LeaseSession.campaign`. */
export async function* campaign(
  candidate: Candidate,
  resource: string,
  { signal }: CampaignOptions,
): AsyncGenerator<Lease, void, undefined> {
  for (;;) {
    let term: Lease;
    try {
      term = await candidate.acquire(resource, { signal });
    } catch (error) {
      if (isEnd(error, candidate, signal)) return;
      throw error;
    }
    try {
      yield term;
    } finally {
      await term.release();
    }
    // A loop that leads for no time at all must not starve the others of its process.
    await candidate.clock.sleep(0);
  }
}

function isEnd(error: unknown, { ended }: Candidate, signal: AbortSignal | undefined): boolean {
  if (isClorthoError(error, 'CLORTHO_ABORTED')) return signal?.aborted === true;
  return isClorthoError(error, 'CLORTHO_CLOSED') && ended === 'closed';
}
