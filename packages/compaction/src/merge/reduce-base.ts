/**
 * The versions of one key in the oldest delta runs and in Current become its base rows.
 *
 *     Current      put a @3                                  Current      put c @12
 *     delta        merge b @7   del @9   put c @12    ──▶    History      a [3, 7)   ab [7, 9)
 *
 * Invariants:
 * - Current keeps the one life that has not ended, if there is one; absence encodes deletion. The others go to History
 *   with their exact intervals, if a readable time needs them. Tombstones, operands and range deletes vanish.
 * - A Current row whose time to live has run out goes once no readable time, and no operand yet to be merged, can
 *   meet it alive.
 * - Where timestamps are forgotten, rows of Current up to `forgetUpTo` get that: no readable time lies before it, and
 *   every newer version of the key is above it.
 */
import { NEVER, PUT } from '@clortho/sst';
import { type Life, livesOf } from '../versions/lives-of.ts';
import type { VersionGroup } from '../versions/version-group.ts';
import { isKept, type MergeRules, type RowSink } from './merge-rules.ts';

/**
 * Appends the group's base rows to `current` and `history`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if operands must be folded and `rules` has no operator.
 */
export function reduceBase(group: VersionGroup, rules: MergeRules, current: RowSink, history: RowSink): void {
  if (isLonePut(group, rules)) {
    const timestamp = group.timestamps[0] as number;
    current.append(
      group.keyBytes,
      group.keyStart,
      group.keyEnd,
      Math.max(timestamp, rules.forgetUpTo ?? timestamp),
      NEVER,
      PUT,
      group.valueBytes[0] as Uint8Array,
      group.valueStarts[0] as number,
      group.valueEnds[0] as number,
    );
    return;
  }
  const lives = livesOf(group, rules);
  for (let index = lives.length - 1; index >= 0; index -= 1) {
    const life = lives[index] as Life;
    if (!isNeeded(rules, life, lives.length - 1 - index)) continue;
    const { timestamp, end, valueBytes, valueStart, valueEnd } = life;
    const isCurrent = end === NEVER;
    const sink = isCurrent ? current : history;
    sink.append(
      group.keyBytes,
      group.keyStart,
      group.keyEnd,
      isCurrent ? Math.max(timestamp, rules.forgetUpTo ?? timestamp) : timestamp,
      end,
      PUT,
      valueBytes,
      valueStart,
      valueEnd,
    );
  }
}

/** Tells whether a put that nothing ends stays where it is all there is of its key. */
export function leavesLonePuts({ rangeDeletes, ttlMicros, filter }: MergeRules): boolean {
  return rangeDeletes === undefined && ttlMicros === undefined && filter === undefined;
}

function isLonePut(group: VersionGroup, rules: MergeRules): boolean {
  const isPut = group.length === 1 && group.kinds[0] === PUT && group.ends[0] === NEVER;
  return isPut && leavesLonePuts(rules);
}

function isNeeded(rules: MergeRules, { timestamp, end, expiry }: Life, newer: number): boolean {
  const until = Math.min(end, expiry);
  if (isKept(rules, timestamp, until, newer)) return true;
  return end === NEVER && rules.operator !== undefined && until > rules.mergedUpTo;
}
