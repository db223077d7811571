/**
 * File entries: what a manifest knows of one SST, enough to decide whether a read needs it without touching it.
 *
 * Invariants:
 * - Every row and range delete of the file lies in `[lower, upper)`; the bounds may be wider than the file.
 * - Files of one delta run share `run`; runs never overlap in age, so `run` orders them.
 * - The rows of a `uniform` file carry no timestamps: all of them have `run`.
 */
import { copyBytes, prefixSuccessor } from '@clortho/base';

/** Where a file stands in a family's tree. */
export type Tier = 'delta' | 'current' | 'history';

/** A file of a shard, by id; the object is `sst/<id>.sst`. */
export interface FileEntry {
  readonly id: string;
  /** The number of the column family. */
  readonly family: number;
  readonly tier: Tier;
  /** How often its rows were merged within the tier: 0 straight from a commit (delta) or from base (history). */
  readonly level: number;
  /** In the delta tier, the timestamp of the newest commit that the run covers. 0 elsewhere. */
  readonly run: number;
  readonly bytes: number;
  readonly tailBytes: number;
  readonly blocks: number;
  readonly rows: number;
  readonly deletes: number;
  readonly merges: number;
  readonly rangeDeletes: number;
  /** The lower key bound, inclusive, at most {@link BOUND_BYTES_MAX} bytes. */
  readonly lower: Uint8Array;
  /** The upper key bound, exclusive; `undefined` if nothing this short lies above. */
  readonly upper: Uint8Array | undefined;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly minEndTimestamp: number;
  readonly maxEndTimestamp: number;
  readonly uniform: boolean;
  /** File-level statistics by collector name, as encoded by the collector. */
  readonly statistics: Readonly<Record<string, Uint8Array>>;
}

/** Names a file to remove: where it stands, so that removing does not search every tier. */
export interface FileReference {
  readonly id: string;
  readonly family: number;
  readonly tier: Tier;
}

/** Key bounds are cut to this length, so that long keys do not bloat heads. */
export const BOUND_BYTES_MAX = 64;
/** Statistics above this size stay in the file and out of the manifest. */
export const STATISTIC_BYTES_MAX = 256;

/** Returns the key under which a file's bytes are stored. */
export function objectKey(fileId: string): string {
  return `sst/${fileId}.sst`;
}

/** Returns the longest allowed lower bound of `minKey`: itself or a prefix, as a copy. */
export function lowerBound(minKey: Uint8Array): Uint8Array {
  return copyBytes(minKey, 0, Math.min(minKey.length, BOUND_BYTES_MAX));
}

/** Returns an exclusive upper bound above `maxKey` and all its extensions that were cut, as a copy. */
export function upperBound(maxKey: Uint8Array): Uint8Array | undefined {
  if (maxKey.length >= BOUND_BYTES_MAX) return prefixSuccessor(maxKey.subarray(0, BOUND_BYTES_MAX));
  const bound = new Uint8Array(maxKey.length + 1);
  bound.set(maxKey);
  return bound;
}

/** Returns the shortest allowed exclusive bound at or above `bound`: itself, or the end of its prefix, as a copy. */
export function shortenUpper(bound: Uint8Array): Uint8Array | undefined {
  if (bound.length <= BOUND_BYTES_MAX) return copyBytes(bound);
  return prefixSuccessor(bound.subarray(0, BOUND_BYTES_MAX));
}

/** Returns the statistics that are small enough for a manifest. */
export function manifestStatistics(
  statistics: Readonly<Record<string, Uint8Array>>,
): Readonly<Record<string, Uint8Array>> {
  const small: Record<string, Uint8Array> = {};
  for (const [name, bytes] of Object.entries(statistics)) {
    if (bytes.length > 0 && bytes.length <= STATISTIC_BYTES_MAX) small[name] = bytes;
  }
  return small;
}
