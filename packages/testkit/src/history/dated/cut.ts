/**
 * Cuts through the shards of a history: the first so many commits of every shard.
 *
 * Invariants:
 * - A cut that was extended is closed: a commit is in it on all of its shards or on none.
 */
import type { Commit } from './commit.ts';

/** A shard as its users name it. */
export type Shard = string | number;

/** What a cut must contain. */
export interface Demand {
  readonly shard: Shard;
  /** The first so many commits. */
  readonly count: number;
  /** It returned too long ago to be missed; the process knows it; it belongs to what was seen; it was seen. */
  readonly why: 'age' | 'session' | 'batch' | 'seen';
  /** The commit behind the demand. */
  readonly by: Commit;
}

/** By shard, the demand that took the cut furthest. */
export type Cut = Map<Shard, Demand>;

/**
 * Extends a cut to contain what is demanded, and all that this brings with it. Returns what cannot be: a demand for a
 * commit invoked after the time `returned`; the cut is of no use then.
 */
export function extendCut(
  cut: Cut,
  chains: ReadonlyMap<Shard, readonly Commit[]>,
  demanded: Demand,
  returned: number,
): Demand | undefined {
  const open = [demanded];
  for (let demand = open.pop(); demand !== undefined; demand = open.pop()) {
    const { shard, count } = demand;
    const reached = cut.get(shard)?.count ?? 0;
    if (count <= reached) continue;
    cut.set(shard, demand);
    for (const commit of (chains.get(shard) ?? []).slice(reached, count)) {
      if (commit.invoked > returned) return { ...demand, by: commit };
      for (const [other, place] of commit.places) {
        if (other !== shard) open.push({ shard: other, count: place + 1, why: 'batch', by: commit });
      }
    }
  }
  return undefined;
}
