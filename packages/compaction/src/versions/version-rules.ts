/** What a family says about its versions; the same rules serve reads, history and compaction. */
import type { MergeOperator } from '../operator/merge-operator.ts';
import type { RangeDeleteIndex } from './range-delete-index.ts';

/** The rules by which versions of a key become values. */
export interface VersionRules {
  /** Range deletes of every source the versions come from, clipped to what the source may show. */
  readonly rangeDeletes?: RangeDeleteIndex | undefined;
  /** A version is invisible from `timestamp + ttlMicros` on. Absent: it lives for ever. */
  readonly ttlMicros?: number | undefined;
  /** Folds merge operands; needed as soon as a row of kind MERGE is met. */
  readonly operator?: MergeOperator | undefined;
}

/** Tells whether a version that began at `timestamp` has outlived its time at `at`. */
export function isExpired(rules: VersionRules, timestamp: number, at: number): boolean {
  return rules.ttlMicros !== undefined && at - timestamp >= rules.ttlMicros;
}
