/**
 * Scanning one shard: merged sources, one key at a time, resolved at the read's time.
 *
 * Invariants:
 * - Rows come in key order (reversed with `reverse`), each key at most once; all bytes are copies.
 * - The event loop is shared: no stretch without waiting lasts longer than {@link Pace} allows.
 * - With a predicate, a row is yielded only if it is the version that a point lookup at the same time finds: a
 *   skipped block or file never makes an older version reappear.
 */
import { type Clock, compareSlices, type KeyInterval, throwIfAborted } from '@clortho/base';
import {
  collectGroup,
  collectGroupBackward,
  type Resolved,
  resolveAt,
  VersionGroup,
} from '@clortho/compaction';
import type { FileEntry } from '@clortho/manifest';
import { BLOCKED, END, MERGE, ROW, type RowCursor, type Step } from '@clortho/sst';
import type { Prune, PruneReport, ScanRow } from '../api.ts';
import { Pace } from '../pace.ts';
import { holdsKey } from './file-bounds.ts';
import { Lookup, type LookupTarget } from './lookup.ts';
import { runLookup } from './run-lookup.ts';
import { openShardCursor } from './shard-cursor.ts';

/** How many rows are resolved between two looks at the clock. */
const ROWS_PER_LOOK = 256;

/** How to scan a shard. */
export interface ShardScan {
  readonly target: LookupTarget;
  readonly interval: KeyInterval;
  readonly reverse: boolean;
  readonly prune: Prune | undefined;
  readonly report: PruneReport;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** Yields the visible rows of the interval. */
export async function* scanShard(scan: ShardScan): AsyncGenerator<ScanRow> {
  const { target, interval, reverse, prune, signal } = scan;
  const { family, time } = target;
  const { cursor, rangeDeletes, hidden, close } = await openShardCursor(
    target,
    interval,
    scan.report,
    prune?.mayMatch,
  );
  const rules = family.rulesWith(rangeDeletes);
  const collect = reverse ? collectGroupBackward : collectGroup;
  const group = new VersionGroup();
  const pace = new Pace(scan.clock, ROWS_PER_LOOK);
  try {
    let step = seekStart(cursor, interval, reverse);
    for (;;) {
      while (step === BLOCKED) step = await cursor.load(signal);
      if (step === END && !group.begun) return;
      if (step === ROW && !group.begun && !isWithin(cursor, interval, reverse)) return;
      step = collect(cursor, group, step, time.asOf);
      if (step === BLOCKED) continue;
      const row = rowOf(group, resolveAt(group, time.asOf, rules, time.expiryAt));
      const isFolded = group.length > 0 && group.kinds[0] === MERGE;
      group.clear();
      if (row !== undefined) {
        const shown = prune === undefined ? row : await passPrune(prune, target, hidden, row, isFolded);
        if (shown !== undefined) yield shown;
      }
      if (pace.isDue()) {
        throwIfAborted(signal);
        await pace.pause();
      }
    }
  } finally {
    close();
  }
}

function seekStart(cursor: RowCursor, { start, end }: KeyInterval, reverse: boolean): Step {
  if (!reverse) return cursor.seek(start);
  return end === undefined ? cursor.seekLast() : cursor.seekBefore(end);
}

function isWithin(cursor: RowCursor, { start, end }: KeyInterval, reverse: boolean): boolean {
  const { keyBytes, keyStart, keyEnd } = cursor;
  if (reverse) return compareSlices(keyBytes, keyStart, keyEnd, start, 0, start.length) >= 0;
  return end === undefined || compareSlices(keyBytes, keyStart, keyEnd, end, 0, end.length) < 0;
}

function rowOf(group: VersionGroup, resolved: Resolved | undefined): ScanRow | undefined {
  if (resolved === undefined) return undefined;
  return { key: group.key(), value: valueOf(resolved), timestamp: resolved.timestamp };
}

/** Returns the value as bytes that the caller owns. */
export function valueOf({ valueBytes, valueStart, valueEnd, owned }: Resolved): Uint8Array {
  return owned ? valueBytes : new Uint8Array(valueBytes.subarray(valueStart, valueEnd));
}

/** Returns the row if the predicate takes it and nothing that was skipped hides a newer version of its key. */
async function passPrune(
  prune: Prune,
  target: LookupTarget,
  hidden: readonly FileEntry[],
  row: ScanRow,
  isFolded: boolean,
): Promise<ScanRow | undefined> {
  if (!isFolded && !prune.where(row)) return undefined;
  const mayBeHidden = hidden.some((file) => file.maxTimestamp > row.timestamp && holdsKey(file, row.key));
  // An operand was folded onto what the predicate let through; only a full lookup knows its true value.
  if (!mayBeHidden && !isFolded) return row;
  const lookup = new Lookup();
  const resolved = await runLookup(lookup, target, row.key, valueAndTimestamp);
  if (resolved === undefined) return undefined;
  if (!isFolded) return resolved.timestamp === row.timestamp ? row : undefined;
  const whole = { key: row.key, ...resolved };
  return prune.where(whole) ? whole : undefined;
}

function valueAndTimestamp(resolved: Resolved): { readonly value: Uint8Array; readonly timestamp: number } {
  return { value: valueOf(resolved), timestamp: resolved.timestamp };
}
