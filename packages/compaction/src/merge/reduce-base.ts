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
 */
import { NEVER, PUT } from '@clortho/sst';
import { isReadable } from '../strategy/readable.ts';
import { livesOf } from '../versions/lives-of.ts';
import type { VersionGroup } from '../versions/version-group.ts';
import { type MergeRules, type RowSink, visibleUntil } from './merge-rules.ts';

/**
 * Appends the group's base rows to `current` and `history`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if operands must be folded and `rules` has no operator.
 */
export function reduceBase(group: VersionGroup, rules: MergeRules, current: RowSink, history: RowSink): void {
  const lives = livesOf(group, rules);
  for (let index = lives.length - 1; index >= 0; index -= 1) {
    const { timestamp, end, valueBytes, valueStart, valueEnd } = lives[index] as (typeof lives)[number];
    if (!isNeeded(rules, timestamp, end)) continue;
    const sink = end === NEVER ? current : history;
    sink.append(
      group.keyBytes,
      group.keyStart,
      group.keyEnd,
      timestamp,
      end,
      PUT,
      valueBytes,
      valueStart,
      valueEnd,
    );
  }
}

function isNeeded(rules: MergeRules, timestamp: number, end: number): boolean {
  const until = visibleUntil(rules, timestamp, end);
  if (isReadable(rules.readable, timestamp, until)) return true;
  return end === NEVER && rules.operator !== undefined && until > rules.mergedUpTo;
}
