/**
 * The lives of a key: the intervals in which it had a value, oldest first.
 *
 *     rows         put a @1     merge b @4     del @6               put c @9
 *     lives        [1 ---- a ----)[4 -- ab --)                      [9 ---- c ---- NEVER)
 *
 * Compaction into base turns lives into Current and History rows, and a history read lists them.
 *
 * Invariants:
 * - Lives are disjoint and ascend. A life ends at the next version, at the next range delete that covers the key,
 *   or where its row says, whichever is first; a life that another one succeeds directly ends where that begins.
 * - Expiry does not end a life: it depends on the time of the read. It does decide what an operand is applied to. What
 *   expires at its very timestamp has no life.
 */
import { DELETE, MERGE, NEVER } from '@clortho/sst';
import { mergeValues } from '../operator/merge-operator.ts';
import { NO_FRAGMENT } from './range-delete-index.ts';
import type { VersionGroup } from './version-group.ts';
import { expiryOf, type VersionRules } from './version-rules.ts';

/** One interval `[timestamp, end)` and its value; `end` is `NEVER` while it lasts. */
export interface Life {
  readonly timestamp: number;
  readonly end: number;
  /** From when on the value has expired, or was filtered out; `NEVER` if it does not. Above `timestamp`. */
  readonly expiry: number;
  /** The value is `valueBytes[valueStart, valueEnd)`: a view into a block, or folded bytes. */
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * Returns the lives of the group's key, oldest first.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if operands must be folded and `rules` has no operator.
 */
export function livesOf(group: VersionGroup, rules: VersionRules): Life[] {
  const lives: Life[] = [];
  const fragment = rules.rangeDeletes?.locate(group.keyBytes, group.keyStart, group.keyEnd) ?? NO_FRAGMENT;
  let below: Life | undefined;
  for (let index = group.length - 1; index >= 0; index -= 1) {
    const timestamp = group.timestamps[index] as number;
    // `below` is what the key was just before this version, judged with the range deletes at its very timestamp.
    if (below !== undefined && (below.end <= timestamp || below.expiry <= timestamp)) {
      below = undefined;
    }
    const expiry = expiryOf(rules, group, index);
    // A put that the filter never lets be there is a delete.
    if (group.kinds[index] === DELETE || expiry <= timestamp) {
      below = undefined;
      continue;
    }
    const own = group.valueBytes[index] as Uint8Array;
    const folded =
      group.kinds[index] === MERGE && below !== undefined
        ? mergeValues(rules.operator, valueOf(below), group.value(index))
        : undefined;
    const deletedAt = rules.rangeDeletes?.oldestAfter(fragment, timestamp) ?? NEVER;
    below = {
      timestamp,
      end: Math.min(group.ends[index] as number, deletedAt),
      expiry,
      valueBytes: folded ?? own,
      valueStart: folded === undefined ? (group.valueStarts[index] as number) : 0,
      valueEnd: folded === undefined ? (group.valueEnds[index] as number) : folded.length,
    };
    const next = index > 0 ? (group.timestamps[index - 1] as number) : NEVER;
    lives.push(next < below.end ? { ...below, end: next } : below);
  }
  return lives;
}

function valueOf(life: Life): Uint8Array {
  return life.valueBytes.subarray(life.valueStart, life.valueEnd);
}
