/** All versions of one key that lie in a span of time, resolved. */
import { compareBytes, type Hash64, hashBytes, keySuccessor } from '@clortho/base';
import { collectGroup, historyOf, VersionGroup } from '@clortho/compaction';
import { BLOCKED, END, MergingCursor, type Step } from '@clortho/sst';
import type { HistoryEntry } from '../api.ts';
import { holdsKey } from './file-bounds.ts';
import type { LookupTarget } from './lookup.ts';
import { loadRangeDeletes } from './range-deletes.ts';

/** Returns the versions of `key` with timestamps in `[from, to)`, newest first, and the one alive at `from`. */
export async function readHistory(
  { tables, family, files }: LookupTarget,
  key: Uint8Array,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<readonly HistoryEntry[]> {
  const hash: Hash64 = { low: 0, high: 0 };
  hashBytes(key, 0, key.length, hash);
  const holding = [...files.delta, ...files.current, ...files.history].filter(
    (file) =>
      file.rows > 0 && holdsKey(file, key) && !(file.tier === 'history' && file.maxEndTimestamp < from),
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
      return historyOf(group, from, to, family.rulesWith(rangeDeletes)).map(entryOf);
    }
  } finally {
    for (const cursor of cursors) cursor.release();
  }
}

function entryOf({ timestamp, kind, value }: ReturnType<typeof historyOf>[number]): HistoryEntry {
  if (kind === 'del' || value === undefined) return { timestamp, kind: 'del', value: undefined };
  return { timestamp, kind, value };
}
