/**
 * A shard of the family: where its head stands, and its files.
 *
 *     before   [a ────────────────── z)      files of the shard
 *     split    [a ──── k)[k ──────── z)      the same objects, clipped to each side
 *
 * Invariants:
 * - A state is never changed: every change makes another one, so a swap expects a state by its identity.
 */
import { compareBytes, EMPTY_BYTES } from '@clortho/base';
import type { CompactionFile } from '../../src/strategy/compaction-file.ts';
import { compareUppers } from '../../src/strategy/overlap.ts';
import { rangesOverlap } from '../../src/strategy/runs.ts';
import type { KeyRange } from '../../src/versions/clip-range-deletes.ts';

/** A shard as of one version of its head. */
export interface Shard {
  readonly number: number;
  readonly keys: KeyRange;
  /** The last commit. */
  readonly upper: number;
  /** Later commits lie above it. */
  readonly floor: number;
  readonly horizon: number;
  readonly files: readonly CompactionFile[];
}

/** The first shard of a family. */
export const FIRST_SHARD: Shard = {
  number: 1,
  keys: { lower: EMPTY_BYTES, upper: undefined },
  upper: 0,
  floor: 0,
  horizon: 0,
  files: [],
};

/** Returns the highest time below which nothing will be committed. */
export function settledOf({ upper, floor }: Shard): number {
  return Math.max(upper, floor);
}

/** Returns the time at which a version must have ended before it may be dropped. */
export function droppableBefore({ horizon, upper }: Shard): number {
  return Math.min(horizon, upper);
}

/** Returns the children of a shard that is split at a key inside of it; they go on where it ended. */
export function childrenOf(parent: Shard, key: Uint8Array, number: number): [Shard, Shard] {
  const child = (of: number, keys: KeyRange): Shard => ({
    ...parent,
    number: of,
    keys,
    files: parent.files.flatMap((file) => clip(file, keys)),
  });
  const { lower, upper } = parent.keys;
  return [child(number, { lower, upper: key }), child(number + 1, { lower: key, upper })];
}

function clip(file: CompactionFile, { lower, upper }: KeyRange): CompactionFile[] {
  if (!rangesOverlap(file, { lower, upper })) return [];
  const isCutBelow = compareBytes(file.lower, lower) < 0;
  const isCutAbove = compareUppers(upper, file.upper) < 0;
  return [{ ...file, lower: isCutBelow ? lower : file.lower, upper: isCutAbove ? upper : file.upper }];
}
