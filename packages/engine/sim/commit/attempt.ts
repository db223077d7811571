/** What clients did and were told: the history that is judged after a run. */

/** How a call ended for its caller; `unknown` also where the process crashed before it heard. */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** The effect of a write on a key: its value, or `undefined` for a delete. */
export type Effects = ReadonlyMap<string, string | undefined>;

/** What was seen of a key. */
export interface Seen {
  readonly key: string;
  readonly value: string | undefined;
}

/** A batch, a conditional put or a transaction. */
export interface WriteAttempt {
  readonly kind: 'write';
  readonly process: string;
  readonly effects: Effects;
  /** What a transaction has read before it wrote; it must still hold at the commit timestamp. */
  readonly reads: readonly Seen[];
  readonly invokedMs: number;
  respondedMs: number;
  outcome: Outcome;
  timestamp: number | undefined;
}

/** A read of some keys at one moment. */
export interface ReadAttempt {
  readonly kind: 'read';
  readonly process: string;
  /** The moment lies between these two, unless the read may be stale. */
  readonly invokedMs: number;
  readonly respondedMs: number;
  /** The time that was asked for; `undefined` for a latest read. */
  readonly asOf: number | undefined;
  /** Whether it may show a state from before it began. */
  readonly isStale: boolean;
  readonly seen: readonly Seen[];
}

/** One call of a client. */
export type Attempt = WriteAttempt | ReadAttempt;
