/**
 * Retention: the horizon of a family follows what its record says it keeps.
 *
 *     history   ···|────────── kept ──────────|
 *               horizon                       last commit
 *                  └──► moves in steps: each is a change of the head, and what can be dropped goes by whole buckets
 *
 * Invariants:
 * - Time is counted from the shard's last commit, so a horizon is always settled, and a shard at rest keeps what it has.
 * - A horizon never goes back; one that `truncateHistory` moved further stays.
 */
import { horizonOf, type ManifestContext, type ShardState } from '@clortho/manifest';
import type { Family } from '../catalog/family.ts';
import type { FamilyRecord } from '../catalog/record.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { changeShards } from './change-shards.ts';
import type { Place } from './place.ts';

/** In the background, a horizon moves by at least this fraction of what is kept, … */
const STEP_FRACTION = 1 / 16;
/** … or by this much, in microseconds, where only versions are kept. */
const STEP_WITHOUT_PAST = 60_000_000;

/**
 * Moves the horizon of a place to where its retention wants it, if that is worth a change of the head: `exactly`, or by a
 * step at least.
 */
export async function retain(
  manifest: ManifestContext,
  keeper: ViewKeeper,
  { shard, family }: Place,
  exactly: boolean,
): Promise<void> {
  const { number } = family.record;
  await changeShards(manifest, keeper, (state) => {
    const horizon = state.head.shard === shard ? dueHorizon(state, family, exactly) : undefined;
    return horizon === undefined ? undefined : { horizons: { ...state.head.horizons, [number]: horizon } };
  });
}

/** Returns where the horizon of a family should move; `undefined` if it may stay. */
export function dueHorizon(
  { head }: Pick<ShardState, 'head'>,
  { record }: Pick<Family, 'record'>,
  exactly: boolean,
): number | undefined {
  const wanted = wantedHorizon(record, head.upper);
  const horizon = horizonOf(head, record.number);
  if (wanted <= horizon) return undefined;
  const isLast = wanted === record.keepSince;
  const kept = record.keepMs * 1000 * STEP_FRACTION;
  const step = exactly || isLast ? 0 : keepsPast(record) ? kept : STEP_WITHOUT_PAST;
  return wanted - horizon >= step ? wanted : undefined;
}

/** Returns the earliest time that is kept; everything is until a commit reaches `keepSince`. */
function wantedHorizon(record: FamilyRecord, upper: number): number {
  const { keepMs, keepSince, keepVersions } = record;
  if (keepVersions > 0 && !keepsPast(record)) return upper;
  const limits = [
    ...(keepMs === 0 ? [] : [upper - keepMs * 1000]),
    ...(keepSince === 0 ? [] : [keepSince <= upper ? keepSince : 0]),
  ];
  return limits.length === 0 ? 0 : Math.max(0, Math.min(...limits));
}

function keepsPast({ keepMs, keepSince }: FamilyRecord): boolean {
  return keepMs > 0 || keepSince > 0;
}
