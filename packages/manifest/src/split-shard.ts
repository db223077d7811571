/**
 * Splitting a shard in two: metadata only, no row is read or written.
 *
 *     before   map  … [a ───────────── z) …        head 3, open
 *     after    map  … [a ─── k) [k ─── z) …        head 3, sealed    heads 7 and 8, open
 *                      files of 3, clipped to each side
 *
 * One swap seals the parent, creates both children and moves the map: a writer that knew the parent loses its race,
 * because a sealed head is a head that moved.
 *
 * Invariants:
 * - Children begin where the parent ended: upper, floor, horizons, floor of garbage and epoch are inherited, so no
 *   settled time is ever written below, and no object of a stalled writer comes in.
 * - A sealed head keeps its tail: a writer that lost its reply finds its token there.
 * - Numbers of shards grow: children have higher ones than all shards of the map, so none is ever given out twice.
 */
import { compareBytes, EMPTY_BYTES, invariant } from '@clortho/base';
import { clipFile, type KeyBounds } from './clip-file.ts';
import { encodeHead, encodeSegment } from './codec.ts';
import { BOUND_BYTES_MAX } from './file-entry.ts';
import type { Head } from './head.ts';
import type { ManifestContext } from './manifest-context.ts';
import { mintToken, type PreparedChange, prepareSeal } from './prepare-change.ts';
import { type Segment, segmentKey, segmentSize } from './segment.ts';
import { allFiles, applyChange } from './shard-files.ts';
import { encodeShardMap, SHARD_MAP_KEY, type ShardMap } from './shard-map.ts';
import type { ShardState } from './shard-state.ts';
import { swapHeads } from './swap-heads.ts';

/** A shard map and the version of its register. */
export interface VersionedShardMap {
  readonly map: ShardMap;
  readonly version: number;
}

/** The longest split key: bounds of files are exact up to this length, which clipping needs. */
export const SPLIT_KEY_BYTES_MAX: number = BOUND_BYTES_MAX;

/**
 * Splits the shard of `state` at `key`. Returns the numbers of its children, or `lost` if the shard or the map changed
 * first.
 *
 * `key` lies inside the shard, above its first key, and is at most {@link SPLIT_KEY_BYTES_MAX} bytes.
 *
 * @throws {ClorthoError} as `swapHeads`; whatever the object store throws for the checkpoints of the children.
 */
export async function splitShard(
  context: ManifestContext,
  { map, version }: VersionedShardMap,
  state: ShardState,
  key: Uint8Array,
): Promise<{ readonly left: number; readonly right: number } | 'lost'> {
  const { head } = state;
  const token = mintToken(context.random);
  const position = map.shards.indexOf(head.shard);
  const lower = map.splits[position - 1] ?? EMPTY_BYTES;
  const upper = map.splits[position];
  invariant(position >= 0, 'a shard that is split is in the map', head.shard);
  invariant(key.length <= SPLIT_KEY_BYTES_MAX, 'a split key is an exact bound', key.length);
  invariant(compareBytes(lower, key) < 0, 'a split key lies above the first key of its shard');
  invariant(upper === undefined || compareBytes(key, upper) < 0, 'a split key lies inside its shard');
  const left = Math.max(...map.shards) + 1;
  const right = left + 1;
  const children = await Promise.all([
    prepareChild(context, state, left, token, { lower, upper: key }),
    prepareChild(context, state, right, token, { lower: key, upper }),
  ]);
  const next: ShardMap = {
    splits: [...map.splits.slice(0, position), key, ...map.splits.slice(position)],
    shards: [...map.shards.slice(0, position), left, right, ...map.shards.slice(position + 1)],
  };
  const moved = { key: SHARD_MAP_KEY, expect: version, value: encodeShardMap(head.store, next) };
  const outcome = await swapHeads(context, [prepareSeal(state, token), ...children], [moved]);
  return outcome === 'applied' ? { left, right } : 'lost';
}

/** Uploads the checkpoint of a child and returns its first head, which replaces nothing. */
async function prepareChild(
  { objects, ids }: ManifestContext,
  { head: parent, files }: ShardState,
  shard: number,
  token: string,
  bounds: KeyBounds,
): Promise<PreparedChange> {
  const added = [...allFiles(files)].flatMap((file) => clipFile(file, bounds) ?? []);
  const segment: Segment = { from: 0, to: 1, added, removed: [], tokens: [token] };
  const id = ids.mint(parent.gcFloor);
  await objects.put(segmentKey(id), encodeSegment(parent.store, shard, segment));
  const head: Head = {
    ...parent,
    shard,
    version: 1,
    state: 'open',
    segments: [{ id, from: 0, to: 1, size: segmentSize(segment) }],
    tail: [],
  };
  const value = encodeHead(head);
  const own = applyChange(new Map(), segment);
  const next = { head, headBytes: value.length, files: own, folded: new Map([[id, own]]) };
  return { shard, expect: 0, token, value, next };
}
