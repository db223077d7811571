/** What a family says about its versions; the same rules serve reads, history and compaction. */
import { NEVER, PUT } from '@clortho/sst';
import { filteredAt, type RowFilter } from '../filter/row-filter.ts';
import type { MergeOperator } from '../operator/merge-operator.ts';
import type { RangeDeleteIndex } from './range-delete-index.ts';
import type { VersionGroup } from './version-group.ts';

/** The rules by which versions of a key become values. */
export interface VersionRules {
  /** Range deletes of every source the versions come from, clipped to what the source may show. */
  readonly rangeDeletes?: RangeDeleteIndex | undefined;
  /** A version is invisible from `timestamp + ttlMicros` on. Absent: it lives for ever. */
  readonly ttlMicros?: number | undefined;
  /** Folds merge operands; needed as soon as a row of kind MERGE is met. */
  readonly operator?: MergeOperator | undefined;
  /** Says of every put until when it is there. Families with operands have none. */
  readonly filter?: RowFilter | undefined;
}

/** Tells whether a version that began at `timestamp` has outlived its time at `at`. */
export function isExpired(rules: VersionRules, timestamp: number, at: number): boolean {
  return rules.ttlMicros !== undefined && at - timestamp >= rules.ttlMicros;
}

/** Returns from when on version `index` of a group has outlived its time, or was filtered out; NEVER if it does not. */
export function expiryOf(rules: VersionRules, group: VersionGroup, index: number): number {
  const timestamp = group.timestamps[index] as number;
  const expiry = rules.ttlMicros === undefined ? NEVER : Math.min(timestamp + rules.ttlMicros, NEVER);
  if (rules.filter === undefined || group.kinds[index] !== PUT) return expiry;
  const key = group.keyBytes.subarray(group.keyStart, group.keyEnd);
  return Math.min(expiry, filteredAt(rules.filter, key, group.value(index), timestamp));
}
