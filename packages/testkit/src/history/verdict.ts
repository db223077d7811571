/** Verdicts on histories. */
import type { HistoryOperation } from './history-operation.ts';

/** What is wrong with a history. */
export type HistoryViolationKind =
  /** A read returned a value that nobody wrote to the key. */
  | 'unwritten-value'
  /** A read returned a value that only failed operations wrote. */
  | 'failed-write'
  /** A read returned a value that was written only after the read had returned. */
  | 'future-read'
  /** A range read has rows outside its range, out of order, twice, or beyond its limit. */
  | 'malformed-range'
  /** Commits of one shard have one timestamp, but did not overlap, or one of them is a transaction. */
  | 'equal-timestamps'
  /** A read of the past differs from the state at its time. */
  | 'past-read'
  /** A transaction read something else than the state right below its commit timestamp. */
  | 'transaction-read'
  /** A read missed what was there before it began. */
  | 'stale-read'
  /** A read saw a commit, but not all of it, or not what comes before it. */
  | 'torn-read'
  /** No order explains the operations: each has to come before the next, and the last before the first. */
  | 'cycle'
  /** No order explains the operations, found by trying all of them. */
  | 'no-order';

/** The smallest explanation that was found. */
export interface HistoryViolation {
  readonly kind: HistoryViolationKind;
  /** What contradicts what, and the operations, one a line. */
  readonly text: string;
  /** The places of these operations in the history. */
  readonly operations: readonly number[];
}

/** What {@link checkHistory} found. */
export type HistoryVerdict =
  | {
      readonly verdict: 'valid';
      /**
       * Places of operations in the history, in an order that explains it: all writes that took effect and all reads
       * but stale ones.
       */
      readonly order: readonly number[];
    }
  | { readonly verdict: 'invalid'; readonly violation: HistoryViolation }
  /** The search was given up. Values of their own, or the timestamps of unknown writes, make it short. */
  | { readonly verdict: 'undecided' };

/** Options of {@link checkHistory}. */
export interface CheckHistoryOptions {
  /**
   * Returns the shard of a key: on a shard commits are ordered by their timestamps. By default every key is a shard
   * of its own.
   */
  readonly shardOf?: ((key: string) => string | number) | undefined;
  /** The most steps of a search, a few microseconds each; 2,000,000 by default. */
  readonly stepsMax?: number | undefined;
}

/** A violation before it is written out. */
export interface Finding {
  readonly kind: HistoryViolationKind;
  readonly text: string;
  readonly operations: readonly HistoryOperation[];
  /** The parts of the operations that matter, in the same order; all of them by default. */
  readonly shown?: readonly HistoryOperation[] | undefined;
}
