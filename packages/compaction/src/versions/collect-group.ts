/**
 * Reads all versions of one key from a cursor into a {@link VersionGroup}, and survives a missing block midway.
 *
 *     let step = cursor.seekFirst();
 *     for (;;) {
 *       while (step === BLOCKED) step = await cursor.load(signal);
 *       if (step === END && !group.begun) break;
 *       step = collectGroup(cursor, group, step);       // BLOCKED: load, then call again with the same group
 *       if (step === BLOCKED) continue;
 *       …the group is complete…
 *       group.clear();
 *     }
 *
 * Invariants:
 * - `step` is what the cursor's last move (or load) came to.
 * - A result of ROW means that the cursor stands on the first row of another key and the group is complete; END
 *   that the group is complete and nothing follows.
 * - With `asOf`, the group holds what {@link resolveAt} at exactly that time needs, and nothing else.
 */
import { BLOCKED, END, MERGE, ROW, type RowCursor, type Step } from '@clortho/sst';
import type { VersionGroup } from './version-group.ts';

/** Collects the versions of the key under the cursor moving forward. Without `asOf`, all of them. */
export function collectGroup(cursor: RowCursor, group: VersionGroup, step: Step, asOf?: number): Step {
  let at = step;
  if (at === BLOCKED || (at === END && !group.begun)) return at;
  if (!group.begun) group.begin(cursor);
  for (; at === ROW; at = cursor.next()) {
    if (!group.holds(cursor)) return ROW;
    if (asOf !== undefined && (cursor.timestamp > asOf || isSettled(group))) continue;
    group.push(cursor);
  }
  return at;
}

/**
 * Collects the versions of the key under the cursor moving backward (a key's oldest version comes first). The
 * complete group is newest first all the same.
 */
export function collectGroupBackward(
  cursor: RowCursor,
  group: VersionGroup,
  step: Step,
  asOf?: number,
): Step {
  let at = step;
  if (at === BLOCKED || (at === END && !group.begun)) return at;
  if (!group.begun) group.begin(cursor);
  for (; at === ROW; at = cursor.previous()) {
    if (!group.holds(cursor)) break;
    if (asOf !== undefined) {
      if (cursor.timestamp > asOf) continue;
      // Whatever is below a version that is no operand can neither be seen nor be folded.
      if (cursor.kind !== MERGE) group.dropVersions();
    }
    group.push(cursor);
  }
  if (at !== BLOCKED) group.reverse();
  return at;
}

function isSettled(group: VersionGroup): boolean {
  return group.length > 0 && group.kinds[group.length - 1] !== MERGE;
}
