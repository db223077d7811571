/**
 * The versions of one key in several delta runs become its versions in one run.
 *
 *     readable R = [20, ∞)      put a @3    merge b @7    put c @12    merge d @25    del @31
 *                                 └───────────┴─ unread    unread        kept           kept
 *     merged                                              put c @12    merge d @25    del @31
 *
 * From the oldest version to the newest, each decides the fate of the one below it: v is dropped if the interval from
 * v to its successor (or to the range delete or expiry that ends it before) misses R.
 *
 * Invariants:
 * - The newest version stays, a tombstone above all: it masks older runs and base, which this merge does not see.
 * - A version that an operand rests on is never just dropped. If no readable time lies between, the operand absorbs
 *   it; otherwise it stays. Two operands of a family with a time to live stay apart, because whether the value below
 *   had expired is a question about the older operand's timestamp.
 * - An operand known to rest on nothing becomes a put, so that what it rested on need not stay.
 * - Range deletes are not applied: they stay in delta, beside the rows.
 */
import { DELETE, MERGE, NEVER, PUT, type RowKind } from '@clortho/sst';
import { mergeValues } from '../operator/merge-operator.ts';
import { NO_FRAGMENT } from '../versions/range-delete-index.ts';
import type { VersionGroup } from '../versions/version-group.ts';
import { isExpired } from '../versions/version-rules.ts';
import { isKept, type MergeRules, type RowSink, visibleUntil } from './merge-rules.ts';

interface Version {
  readonly timestamp: number;
  readonly kind: RowKind;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * Appends what remains of the group's versions to `sink`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if operands must be folded and `rules` has no operator.
 */
export function reduceDelta(group: VersionGroup, rules: MergeRules, sink: RowSink): void {
  if (group.length === 1) {
    appendOnly(group, sink);
    return;
  }
  const fragment = rules.rangeDeletes?.locate(group.keyBytes, group.keyStart, group.keyEnd) ?? NO_FRAGMENT;
  const kept: Version[] = [];
  /** How many values of the group are newer than `below`. */
  let newer = valuesIn(group);
  let below: Version | undefined;
  for (let index = group.length - 1; index >= 0; index -= 1) {
    const version = versionAt(group, index);
    if (below === undefined) {
      below = version;
      if (below.kind !== DELETE) newer -= 1;
      continue;
    }
    const absorbed = absorb(below, version, newer, fragment, rules);
    if (absorbed === 'both stay' || isNeeded(below, version.timestamp, newer, fragment, rules))
      kept.push(below);
    below = absorbed === 'both stay' ? version : absorbed;
    if (version.kind !== DELETE) newer -= 1;
  }
  if (below !== undefined) kept.push(below);
  for (let index = kept.length - 1; index >= 0; index -= 1) append(group, kept[index] as Version, sink);
}

/** Returns what `version` becomes on top of `below`, so that it no longer needs `below` unless that is readable. */
function absorb(
  below: Version,
  version: Version,
  newer: number,
  fragment: number,
  rules: MergeRules,
): Version | 'both stay' {
  if (version.kind !== MERGE) return version;
  const deletedAt = rules.rangeDeletes?.newestAt(fragment, version.timestamp) ?? Number.NEGATIVE_INFINITY;
  const restsOnNothing =
    below.kind === DELETE ||
    deletedAt > below.timestamp ||
    isExpired(rules, below.timestamp, version.timestamp);
  if (restsOnNothing) return { ...version, kind: PUT };
  if (isKept(rules, below.timestamp, version.timestamp, newer)) return version;
  if (below.kind === MERGE && rules.ttlMicros !== undefined) return 'both stay';
  const value = mergeValues(rules.operator, valueOf(below), valueOf(version));
  return {
    timestamp: version.timestamp,
    kind: below.kind,
    valueBytes: value,
    valueStart: 0,
    valueEnd: value.length,
  };
}

function isNeeded(
  below: Version,
  successor: number,
  newer: number,
  fragment: number,
  rules: MergeRules,
): boolean {
  const deletedAt = rules.rangeDeletes?.oldestAfter(fragment, below.timestamp) ?? successor;
  const end = visibleUntil(rules, below.timestamp, Math.min(successor, deletedAt));
  return isKept(rules, below.timestamp, end, below.kind === DELETE ? Number.POSITIVE_INFINITY : newer);
}

function valuesIn(group: VersionGroup): number {
  let values = 0;
  for (let index = 0; index < group.length; index += 1) if (group.kinds[index] !== DELETE) values += 1;
  return values;
}

function versionAt(group: VersionGroup, index: number): Version {
  return {
    timestamp: group.timestamps[index] as number,
    kind: group.kinds[index] as RowKind,
    valueBytes: group.valueBytes[index] as Uint8Array,
    valueStart: group.valueStarts[index] as number,
    valueEnd: group.valueEnds[index] as number,
  };
}

function valueOf(version: Version): Uint8Array {
  return version.valueBytes.subarray(version.valueStart, version.valueEnd);
}

/** Appends the version of a group that has no other, which most groups of a merge are: nothing is allocated for it. */
function appendOnly(group: VersionGroup, sink: RowSink): void {
  sink.append(
    group.keyBytes,
    group.keyStart,
    group.keyEnd,
    group.timestamps[0] as number,
    NEVER,
    group.kinds[0] as RowKind,
    group.valueBytes[0] as Uint8Array,
    group.valueStarts[0] as number,
    group.valueEnds[0] as number,
  );
}

function append(group: VersionGroup, version: Version, sink: RowSink): void {
  sink.append(
    group.keyBytes,
    group.keyStart,
    group.keyEnd,
    version.timestamp,
    NEVER,
    version.kind,
    version.valueBytes,
    version.valueStart,
    version.valueEnd,
  );
}
