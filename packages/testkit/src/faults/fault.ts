/**
 * Faults: what goes wrong with one call to a backend, as plain data that prints, shrinks and replays.
 *
 *     caller      call ───────────────────────────────────────► reply
 *     wire             beforeMs ──► effect ──► afterMs
 *                         │            └ duplicate: once more, laterMs after it
 *                         └ applyLater: the caller is told "unknown" here, the effect follows laterMs later
 *
 * Invariants:
 * - A fault says whether and when the call takes effect; what the caller is told never contradicts the effect.
 *   The one exception is `staleRead`, which a backend must allow.
 */

/** The calls of both substrates. */
export type FaultableCall = 'read' | 'swap' | 'list' | 'put' | 'get' | 'head' | 'delete';

/** How long a call travels, in milliseconds; by default no time at all. */
export interface FaultTiming {
  /** From the call to its effect, or to the failure in its place. */
  readonly beforeMs?: number | undefined;
  /** From the effect to the reply. */
  readonly afterMs?: number | undefined;
}

/** What goes wrong with one call. */
export type Fault = FaultTiming &
  (
    | /** Nothing but its timing. */ { readonly kind: 'delay' }
    | /** Fails with `CLORTHO_UNAVAILABLE` and does nothing. */ { readonly kind: 'errorBeforeEffect' }
    /**
     * Does the work and loses the reply: `CLORTHO_OUTCOME_UNKNOWN` for swaps and conditional puts, else
     * `CLORTHO_UNAVAILABLE`. A listing breaks off halfway.
     */
    | { readonly kind: 'errorAfterEffect' }
    /** Loses the reply, and does the work `laterMs` after that. A read just fails. */
    | { readonly kind: 'applyLater'; readonly laterMs: number }
    /** Does the work, and `laterMs` after that does the same again, unnoticed. A read is read once. */
    | { readonly kind: 'duplicate'; readonly laterMs: number }
    /** A read answers as of `staleMs` ago. A write is not affected. */
    | { readonly kind: 'staleRead'; readonly staleMs: number }
    /** Fails with `CLORTHO_UNAVAILABLE`, as do all calls through this wrapper for `forMs`. */
    | { readonly kind: 'throttle'; readonly forMs: number }
    /** Does the work, or not, and never replies: only an abort ends the call. */
    | { readonly kind: 'hang'; readonly lands: boolean }
    /**
     * The process crashes while it waits for this call, `beforeMs` after it was made. The work is done `laterMs`
     * after that (at once by default), or never.
     */
    | { readonly kind: 'crash'; readonly lands: boolean; readonly laterMs?: number | undefined }
  );

/** A call as faults meet it. */
export interface CallSubject {
  readonly call: FaultableCall;
  /** The keys of the call; the prefix of a listing. */
  readonly keys: readonly string[];
}

/** Returns the fault in a few words: its kind and its facts. */
export function faultText({ kind, ...facts }: Fault): string {
  const stated = Object.entries(facts).map(([name, fact]) => `${name}=${shown(fact)}`);
  return [kind, ...stated].join(' ');
}

function shown(fact: number | boolean | undefined): string {
  return typeof fact === 'number' ? String(Math.round(fact * 1000) / 1000) : String(fact);
}
