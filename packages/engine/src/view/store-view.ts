/**
 * One consistent cut through all shards: what a read sees.
 *
 * Invariants:
 * - A view is immutable. Every view is a cut that no batch straddles: it comes from one consistent read of all
 *   heads, joined with commits of this process that were made on top of such a cut.
 */
import { EMPTY_BYTES, type KeyInterval } from '@clortho/base';
import type { ShardMap, ShardState } from '@clortho/manifest';

/** The states of all shards, in the order of the map. */
export interface StoreView {
  readonly map: ShardMap;
  readonly shards: readonly ShardState[];
}

/** Returns the view with each shard at the newer of its state and the given one; both must be cuts. */
export function joinStates(view: StoreView, states: Iterable<ShardState>): StoreView {
  const newer = new Map<number, ShardState>();
  for (const state of states) newer.set(state.head.shard, state);
  const shards = view.shards.map((known) => {
    const state = newer.get(known.head.shard);
    return state !== undefined && state.head.version > known.head.version ? state : known;
  });
  return { map: view.map, shards };
}

/** Returns the state of a shard; `undefined` if the map of the view does not have it (any more). */
export function stateOfShard({ map, shards }: StoreView, shard: number): ShardState | undefined {
  return shards[map.shards.indexOf(shard)];
}

/** Returns the keys of the shard at a position of the map. */
export function shardInterval({ map }: Pick<StoreView, 'map'>, position: number): KeyInterval {
  return { start: map.splits[position - 1] ?? EMPTY_BYTES, end: map.splits[position] };
}

/** Returns the timestamp of the last commit on any shard; 0 before the first. */
export function newestCommit({ shards }: StoreView): number {
  return Math.max(...shards.map(({ head }) => head.upper));
}
