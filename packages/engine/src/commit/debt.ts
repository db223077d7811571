/** What compaction is behind with in a place: what was never merged, and the runs for which a merge is due. */
import { KV_DEFAULTS, LOG_DEFAULTS } from '@clortho/compaction';
import type { FileEntry } from '@clortho/manifest';
import type { FamilyRecord } from '../catalog/record.ts';
import type { Tuning } from '../options.ts';

/** What commits have left to be merged. */
export interface Debt {
  /** Runs that were never merged. */
  readonly runs: number;
  /** Bytes that were never merged. */
  readonly bytes: number;
}

/** By the delta array of a view, which is never changed in place. */
const debts = new WeakMap<readonly FileEntry[], Debt>();

/** Returns what of a delta tier was never merged. */
export function debtOf(delta: readonly FileEntry[]): Debt {
  let debt = debts.get(delta);
  if (debt === undefined) {
    const fresh = delta.filter((file) => file.level === 0);
    const bytes = fresh.reduce((sum, file) => sum + file.bytes, 0);
    debt = { runs: new Set(fresh.map((file) => file.run)).size, bytes };
    debts.set(delta, debt);
  }
  return debt;
}

/** Returns how many runs of a family's delta tier there are where a merge of them is due, by the rules of its strategy. */
export function dueRuns(
  delta: readonly FileEntry[],
  { kind, windowMs }: Pick<FamilyRecord, 'kind' | 'windowMs'>,
  tuning: Tuning,
): number {
  if (kind === 'log') return dueLogRuns(delta, windowMs * 1000);
  const runs = runsOf(delta).size;
  return runs > Math.max(1, tuning.deltaRuns ?? KV_DEFAULTS.deltaRuns) ? runs : 0;
}

/** A few runs of the newest window wait for more, and one of an older window stays alone for good. */
function dueLogRuns(delta: readonly FileEntry[], windowMicros: number): number {
  const windows = new Map<number, number>();
  for (const run of runsOf(delta.filter((file) => file.level === 0))) {
    const window = Math.floor(run / windowMicros);
    windows.set(window, (windows.get(window) ?? 0) + 1);
  }
  const newest = Math.max(...windows.keys());
  let due = 0;
  for (const [window, runs] of windows)
    if (runs >= (window === newest ? LOG_DEFAULTS.levelZeroRuns : 2)) due += runs;
  return due;
}

function runsOf(files: readonly FileEntry[]): Set<number> {
  return new Set(files.map((file) => file.run));
}
