/**
 * From what a caller asks (`asOf`, or nothing) to the settled time of the read on every shard.
 *
 * Invariants:
 * - A time above what is settled on a shard is closed there first, so that the answer never changes. No read closes
 *   a time that has not come.
 */
import { type Clock, ClorthoError } from '@clortho/base';
import { horizonOf, type ShardState, settledTimestamp } from '@clortho/manifest';
import type { Timestamp } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { timestampOf } from '../input/time.ts';
import type { TimeMode } from '../options.ts';
import type { StoreView } from '../view/store-view.ts';
import type { ReadTime } from './read-time.ts';

/**
 * Returns the timestamp of an `asOf`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is malformed, or lies beyond now (clock time) or beyond the
 *   store's last commit (external time).
 */
export function checkedAsOf(asOf: Timestamp, view: StoreView, time: TimeMode, clock: Clock): number {
  const timestamp = timestampOf(asOf, 'asOf');
  const newest = newestReadable(view, time, clock);
  if (timestamp <= newest) return timestamp;
  // The current millisecond is meant by `new Date()` although it has not ended.
  if (asOf instanceof Date && time === 'clock' && timestamp - 999 <= newest) return newest;
  const limit = time === 'clock' ? 'now' : 'the last commit';
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `asOf lies beyond ${limit}: asOf=${timestamp} ${limit}=${newest}`,
  );
}

/** Returns the highest time that may be closed. */
function newestReadable(view: StoreView, time: TimeMode, clock: Clock): number {
  let newest = time === 'clock' ? clock.now() : 0;
  for (const { head } of view.shards) newest = Math.max(newest, settledTimestamp(head));
  return newest;
}

/** Returns the time of a read of the newest state of a shard. */
export function latestTime({ head }: ShardState, family: Family, time: TimeMode, clock: Clock): ReadTime {
  const asOf = head.upper;
  const { ttlMs, filter } = family.record;
  const mayExpire = ttlMs !== 0 || filter !== undefined;
  return { asOf, expiryAt: mayExpire && time === 'clock' ? Math.max(asOf, clock.now()) : asOf, latest: true };
}

/**
 * Returns the time of a read of a shard in the past.
 *
 * @throws {ClorthoError} `CLORTHO_HISTORY_TRUNCATED` if it lies below the family's horizon.
 */
export function pastTime({ head }: ShardState, family: Family, asOf: number): ReadTime {
  const horizon = horizonOf(head, family.record.number);
  if (asOf < horizon) throw truncated(family, 'asOf', asOf, horizon);
  return { asOf, expiryAt: asOf, latest: asOf >= head.upper };
}

/** Returns the error for a read below the horizon. */
export function truncated(family: Family, what: string, timestamp: number, horizon: number): ClorthoError {
  return new ClorthoError(
    'CLORTHO_HISTORY_TRUNCATED',
    `history was truncated, ask for a later time: family=${family.record.name} ${what}=${timestamp} horizon=${horizon}`,
  );
}
