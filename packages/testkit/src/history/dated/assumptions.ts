/**
 * Assumptions: what a history leaves open and a check has to settle to go on.
 *
 * A finding under some assumptions names its suspects: the reads that would have to see another version for it to go
 * away. Only assumptions that change what a suspect sees can help.
 */
import type { HistoryRead } from '../history-operation.ts';
import type { PreparedOperation } from '../prepared-operation.ts';
import type { Finding } from '../verdict.ts';

/** What is assumed about a history beyond what it says. */
export interface Assumptions {
  /** Timestamps of unknown writes, by their index: these took effect, others that name no timestamp did not. */
  readonly dates: ReadonlyMap<number, number>;
  /** Pairs of writes, by index, of which the first applies before the second, if both are in one commit. */
  readonly before: readonly (readonly [number, number])[];
  /**
   * Which of several fitting versions a read saw: by {@link seenPlace} the index of a write of its commit, or -1
   * for the time before the first version.
   */
  readonly seen: ReadonlyMap<string, number>;
}

/** A read that would have to see another version. */
export interface Suspect {
  readonly operation: PreparedOperation;
  readonly read: HistoryRead;
}

/** A finding that holds under assumptions. */
export interface DatedFinding extends Finding {
  readonly suspects: readonly Suspect[];
}

/** Nothing is assumed. */
export const NO_ASSUMPTIONS: Assumptions = { dates: new Map(), before: [], seen: new Map() };

/** Returns the key of {@link Assumptions.seen} for a read. */
export function seenPlace({ operation, read }: Suspect): string {
  return `${operation.index} ${read.key}`;
}

/** Returns the timestamp at which an operation took effect, or `undefined` if it is not assumed to have. */
export function dateOf(operation: PreparedOperation, { dates }: Assumptions): number | undefined {
  return operation.source.timestamp ?? dates.get(operation.index);
}
