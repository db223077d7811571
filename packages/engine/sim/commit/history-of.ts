/**
 * From what clients were told to the history that the checker of the test kit judges.
 *
 * What the product promises, and so what is asked: writes and transactions are strictly serializable, in the order of
 * their timestamps on every shard; reads of the past show the state at their time, and so do snapshots and reads with
 * `atLeast: 'latest'` at a moment of their call. Other latest reads may be of an earlier moment, but of one cut, and
 * never of one before what their process has seen.
 */
import type { HistoryOperation } from '@clortho/testkit';
import type { Attempt, ReadAttempt, WriteAttempt } from './attempt.ts';

/** Returns the history; `timestampOf` tells when a write of unknown outcome took effect, if the store shows it. */
export function historyOf(
  attempts: readonly Attempt[],
  timestampOf: (write: WriteAttempt) => number | undefined,
): HistoryOperation[] {
  return attempts.map((attempt) =>
    attempt.kind === 'write' ? writeOf(attempt, timestampOf(attempt)) : readOf(attempt),
  );
}

function writeOf(
  { process, effects, reads, invokedMs, respondedMs, outcome }: WriteAttempt,
  timestamp: number | undefined,
): HistoryOperation {
  return {
    process,
    invoked: invokedMs,
    returned: outcome === 'unknown' ? undefined : respondedMs,
    outcome,
    reads,
    writes: [...effects].map(([key, value]) => ({ key, value })),
    timestamp: outcome === 'failed' ? undefined : timestamp,
  };
}

function readOf({ process, invokedMs, respondedMs, asOf, isStale, seen }: ReadAttempt): HistoryOperation {
  return {
    process,
    invoked: invokedMs,
    returned: respondedMs,
    outcome: 'ok',
    reads: seen,
    asOf,
    stalenessMax: isStale ? Number.MAX_SAFE_INTEGER : undefined,
  };
}
