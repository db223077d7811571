/** What a reduction needs to know beyond the versions of one key. */
import type { RowKind } from '@clortho/sst';
import { isReadable, type Readable } from '../strategy/readable.ts';
import type { VersionRules } from '../versions/version-rules.ts';

/** The rules of a merge. The range deletes are those of the inputs. */
export interface MergeRules extends VersionRules {
  /** The times whose answers must survive. */
  readonly readable: Readable;
  /** Every commit up to this timestamp that touched the merged keys is in the inputs or in base. */
  readonly mergedUpTo: number;
  /** Into base: see `MergePlan.forgetUpTo`. */
  readonly forgetUpTo?: number | undefined;
}

/** Receives rows in order: keys ascending, per key timestamps descending. Borrowed bytes: copy what is kept. */
export interface RowSink {
  append(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    timestamp: number,
    endTimestamp: number,
    kind: RowKind,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void;
}

/**
 * Tells whether a version `[timestamp, end)` must stay: a readable time needs it, or `newer`, the versions of its key
 * that are known to be newer, are fewer than histories list.
 */
export function isKept(rules: MergeRules, timestamp: number, end: number, newer: number): boolean {
  return newer < (rules.readable.versions ?? 0) || isReadable(rules.readable, timestamp, end);
}

/** Returns when a version that ends at `end` stops being visible: its time to live may run out before. */
export function visibleUntil(rules: MergeRules, timestamp: number, end: number): number {
  return rules.ttlMicros === undefined ? end : Math.min(end, timestamp + rules.ttlMicros);
}
