/**
 * The resolved versions of a key: what a history read lists.
 *
 * Invariants:
 * - Newest first. Every operand appears as the put it came to. A delete appears where a visible value ended
 *   without a successor, whatever ended it (a point or a range delete); a delete of an absent key never does.
 * - A value that expired leaves no delete behind: its end depends on the time of the read.
 * - A delete at the horizon or below is not listed: what it ended is gone, or may be gone by the next read. Values that
 *   are listed because they are among the newest ones of their key may be older.
 */
import { NEVER } from '@clortho/sst';
import { livesOf } from './lives-of.ts';
import type { VersionGroup } from './version-group.ts';
import type { VersionRules } from './version-rules.ts';

/** One resolved version. */
export interface HistoryEntry {
  readonly timestamp: number;
  readonly kind: 'put' | 'del';
  /** The value of a put, a copy; `undefined` for a delete. */
  readonly value: Uint8Array | undefined;
}

/**
 * Returns the versions of the group's key with timestamps in `[from, to)`, newest first, and last the version alive
 * at `from` if it began earlier. `horizon` is the one that compaction may have used; none by default.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if operands must be folded and `rules` has no operator.
 */
export function historyOf(
  group: VersionGroup,
  from: number,
  to: number,
  rules: VersionRules,
  horizon: number = Number.NEGATIVE_INFINITY,
): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  if (from >= to) return entries;
  const lives = livesOf(group, rules);
  for (let index = lives.length - 1; index >= 0; index -= 1) {
    const life = lives[index] as (typeof lives)[number];
    const isSucceeded = lives[index + 1]?.timestamp === life.end;
    const isDeleted = life.end !== NEVER && !isSucceeded && life.expiry > life.end;
    if (isDeleted && life.end > horizon && life.end >= from && life.end < to) {
      entries.push({ timestamp: life.end, kind: 'del', value: undefined });
    }
    const isAliveAtFrom = life.timestamp < from && life.end > from && life.expiry > from;
    if (isAliveAtFrom || (life.timestamp >= from && life.timestamp < to)) {
      const value = new Uint8Array(life.valueBytes.subarray(life.valueStart, life.valueEnd));
      entries.push({ timestamp: life.timestamp, kind: 'put', value });
    }
  }
  return entries;
}

/**
 * Returns what {@link historyOf} does from the horizon on, and as many older values, if there are any, as make up the
 * `versions` newest ones.
 */
export function historyWithNewest(
  group: VersionGroup,
  versions: number,
  rules: VersionRules,
  horizon: number,
): HistoryEntry[] {
  const recent = historyOf(group, horizon, NEVER, rules, horizon);
  const missing = Math.max(0, versions - recent.filter(({ kind }) => kind === 'put').length);
  const below = recent.at(-1)?.timestamp ?? NEVER;
  const older = historyOf(group, Number.NEGATIVE_INFINITY, horizon, rules).filter(
    ({ kind, timestamp }) => kind === 'put' && timestamp < below,
  );
  return [...recent, ...older.slice(0, missing)];
}
