/**
 * The value of a key at a time, from its versions.
 *
 * The newest version v with `v.timestamp <= asOf` decides. The key is absent if
 *
 * - v is a delete, or there is no v;
 * - v has ended: `v.endTimestamp <= asOf` (what ended it was a delete that has vanished into base, because a
 *   newer version would have been found instead);
 * - a range delete r covers the key with `v.timestamp < r.timestamp <= asOf`;
 * - v has expired: `asOf >= v.timestamp + ttl`, or the family's filter says so. What is read as newest expires later
 *   than at `asOf`: at the moment of the read.
 *
 * A merge operand is folded with the version below it exactly if that version was visible at the very moment the
 * operand was applied, which is the same question asked at `asOf = operand.timestamp` of the older versions. A row
 * that ended at the operand's timestamp counts as dead: compaction turns an operand that supersedes a base row into
 * a put together with ending that row, so a row that an operand ended never stands beside the operand.
 */
import { DELETE, MERGE } from '@clortho/sst';
import { mergeValues } from '../operator/merge-operator.ts';
import { NO_FRAGMENT } from './range-delete-index.ts';
import type { VersionGroup } from './version-group.ts';
import { expiryOf, type VersionRules } from './version-rules.ts';

/** The value `valueBytes[valueStart, valueEnd)` and the timestamp of the version it comes from. */
export interface Resolved {
  readonly timestamp: number;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The bytes were made by folding and belong to the caller; otherwise they are a view into a block. */
  readonly owned: boolean;
}

/**
 * Returns the value of the group's key at `asOf`, or `undefined` if the key is absent then, or has expired by `expiryAt`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if operands must be folded and `rules` has no operator; as the filter.
 */
export function resolveAt(
  group: VersionGroup,
  asOf: number,
  rules: VersionRules,
  expiryAt: number = asOf,
): Resolved | undefined {
  let newest = 0;
  while (newest < group.length && (group.timestamps[newest] as number) > asOf) newest += 1;
  const fragment = rules.rangeDeletes?.locate(group.keyBytes, group.keyStart, group.keyEnd) ?? NO_FRAGMENT;
  if (!isVisible(group, newest, asOf, fragment, rules, expiryAt)) return undefined;
  if (group.kinds[newest] === MERGE) return fold(group, newest, fragment, rules);
  return view(group, newest);
}

/** Tells whether version `index`, the newest at or before `at`, makes the key present at `at`. */
function isVisible(
  group: VersionGroup,
  index: number,
  at: number,
  fragment: number,
  rules: VersionRules,
  expiryAt: number = at,
): boolean {
  if (index >= group.length || group.kinds[index] === DELETE || (group.ends[index] as number) <= at)
    return false;
  const timestamp = group.timestamps[index] as number;
  if (expiryOf(rules, group, index) <= expiryAt) return false;
  return rules.rangeDeletes === undefined || rules.rangeDeletes.newestAt(fragment, at) <= timestamp;
}

function fold(group: VersionGroup, newest: number, fragment: number, rules: VersionRules): Resolved {
  let oldest = newest;
  while (
    group.kinds[oldest] === MERGE &&
    isVisible(group, oldest + 1, group.timestamps[oldest] as number, fragment, rules)
  ) {
    oldest += 1;
  }
  if (oldest === newest) return view(group, newest);
  let value = group.value(oldest);
  for (let index = oldest - 1; index >= newest; index -= 1) {
    value = mergeValues(rules.operator, value, group.value(index));
  }
  const timestamp = group.timestamps[newest] as number;
  return { timestamp, valueBytes: value, valueStart: 0, valueEnd: value.length, owned: true };
}

function view(group: VersionGroup, index: number): Resolved {
  return {
    timestamp: group.timestamps[index] as number,
    valueBytes: group.valueBytes[index] as Uint8Array,
    valueStart: group.valueStarts[index] as number,
    valueEnd: group.valueEnds[index] as number,
    owned: false,
  };
}
