/**
 * Trivial moves: files of delta that are what a merge into Current would make of them.
 *
 *     delta     run 9            [p ───── t)                 something older has its keys: stays
 *               run 8   [a ─ c)                 [v ─── z)    moves, both at once
 *               run 7            [n ────── s)
 *     current             [d ──────── m)
 *
 * Only files straight from a commit qualify: they have one row per key. Rows that are appended in key order are written
 * once that way.
 *
 * Invariants:
 * - Nothing older than a moved row of the same key is left in delta, or anywhere in Current.
 */
import type { CompactionFile } from './compaction-file.ts';
import type { KvOptions } from './options.ts';
import type { CompactionState, MovePlan } from './plan.ts';
import { deltaRuns, filesOf, isBusy, rangesOverlap } from './runs.ts';

/** Returns the move of all files that can be moved, if any can. */
export function pickMoves(state: CompactionState, { moveBytesMin }: KvOptions): MovePlan | undefined {
  const candidates = state.files.filter((file) => isMovable(file, moveBytesMin));
  if (candidates.length === 0) return undefined;
  const parts = new Map<string, number>();
  for (const { id } of state.files) parts.set(id, (parts.get(id) ?? 0) + 1);
  const inTheWay: CompactionFile[] = filesOf(state, 'current');
  const files: CompactionFile[] = [];
  for (const { files: run } of deltaRuns(state)) {
    for (const file of run) {
      const isFree =
        isMovable(file, moveBytesMin) &&
        parts.get(file.id) === 1 &&
        !isBusy(state, file) &&
        !inTheWay.some((other) => rangesOverlap(other, file)) &&
        !(state.intoBase ?? []).some((job) => rangesOverlap(job.range, file));
      if (isFree) files.push(file);
    }
    inTheWay.push(...run);
  }
  if (files.length === 0) return undefined;
  return { kind: 'move', files, reason: `${files.length} files of delta have keys of their own` };
}

function isMovable(file: CompactionFile, bytesMin: number): boolean {
  return (
    file.tier === 'delta' &&
    file.uniform &&
    file.bytes >= bytesMin &&
    file.deletes + file.merges + file.rangeDeletes === 0
  );
}
