/**
 * All versions of one key that lie in a span of time, resolved.
 *
 *     older   put @1   put @4   │   put @7 ── put @9 ──▶       newest first: 9, 7, 4 if three versions are kept
 *                            horizon                           a delete at the horizon or below is never listed
 */
import { compareBytes, type Hash64, hashBytes, keySuccessor } from '@clortho/base';
import {
  collectGroup,
  historyOf,
  historyWithNewest,
  VersionGroup,
  type VersionRules,
} from '@clortho/compaction';
import { BLOCKED, END, MergingCursor, type Step } from '@clortho/sst';
import type { HistoryEntry } from '../api.ts';
import { holdsKey } from './file-bounds.ts';
import type { LookupTarget } from './lookup.ts';
import { loadRangeDeletes } from './range-deletes.ts';

/** What to list. */
export interface HistorySpan {
  /** Versions with timestamps in `[from, to)`, and the one alive at `from`. */
  readonly from: number;
  readonly to: number;
  /** At or below `from`, and `from` if `versions` are asked for. What a delete up to here ended may have been dropped already. */
  readonly horizon: number;
  /** So many of the newest values of the key are listed as far as they lie below `to`, however old they are. */
  readonly versions: number;
}

/** Returns the versions of `key`, newest first. */
export async function readHistory(
  { tables, family, files }: LookupTarget,
  key: Uint8Array,
  span: HistorySpan,
  signal?: AbortSignal,
): Promise<readonly HistoryEntry[]> {
  const hash: Hash64 = { low: 0, high: 0 };
  hashBytes(key, 0, key.length, hash);
  const oldest = span.versions > 0 ? 0 : span.from;
  const holding = [...files.delta, ...files.current, ...files.history].filter(
    (file) =>
      file.rows > 0 && holdsKey(file, key) && !(file.tier === 'history' && file.maxEndTimestamp < oldest),
  );
  const opened = await Promise.all(holding.map((file) => tables.open(file)));
  const cursors = opened.filter((sst) => sst.mayContain(hash.low, hash.high)).map((sst) => sst.cursor());
  if (cursors.length === 0) return [];
  const rangeDeletes = await loadRangeDeletes(tables, files.delta);
  const merged = new MergingCursor(cursors);
  const group = new VersionGroup();
  const after = keySuccessor(key);
  try {
    let step: Step = merged.seek(key);
    for (;;) {
      while (step === BLOCKED) step = await merged.load(signal);
      if (!group.begun) {
        if (step === END) return [];
        const { keyBytes, keyStart, keyEnd } = merged;
        if (compareBytes(keyBytes.subarray(keyStart, keyEnd), after) >= 0) return [];
      }
      step = collectGroup(merged, group, step);
      if (step === BLOCKED) continue;
      return listed(group, family.rulesWith(rangeDeletes), span).map(entryOf);
    }
  } finally {
    for (const cursor of cursors) cursor.release();
  }
}

function listed(
  group: VersionGroup,
  rules: VersionRules,
  { from, to, horizon, versions }: HistorySpan,
): ReturnType<typeof historyOf> {
  if (versions === 0) return historyOf(group, from, to, rules, horizon);
  return historyWithNewest(group, versions, rules, horizon).filter(({ timestamp }) => timestamp < to);
}

function entryOf({ timestamp, kind, value }: ReturnType<typeof historyOf>[number]): HistoryEntry {
  if (kind === 'del' || value === undefined) return { timestamp, kind: 'del', value: undefined };
  return { timestamp, kind, value };
}
