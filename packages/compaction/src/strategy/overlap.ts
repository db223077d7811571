/** How files overlap in keys: how many a read of one key would have to look at. */
import { compareBytes } from '@clortho/base';
import type { CompactionFile } from './compaction-file.ts';
import { compareFiles } from './runs.ts';

/** Returns how many of the files share one key, at most. */
export function depthOf(files: readonly CompactionFile[]): number {
  const lowers = files.map((file) => file.lower).sort(compareBytes);
  const uppers = files.map((file) => file.upper).sort(compareUppers);
  let deepest = 0;
  let closed = 0;
  for (const [index, lower] of lowers.entries()) {
    while (isAtOrBelow(uppers[closed], lower)) closed += 1;
    deepest = Math.max(deepest, index + 1 - closed);
  }
  return deepest;
}

/** Returns the files that share a key with another one, or are linked to one by files between, in key order. */
export function overlappingOnly(files: readonly CompactionFile[]): CompactionFile[] {
  const overlapping: CompactionFile[] = [];
  let cluster: CompactionFile[] = [];
  let reach: Uint8Array | undefined;
  const close = (): void => {
    if (cluster.length > 1) overlapping.push(...cluster);
    cluster = [];
  };
  for (const file of [...files].sort(compareFiles)) {
    if (cluster.length > 0 && isAtOrBelow(reach, file.lower)) close();
    reach = cluster.length > 0 && compareUppers(reach, file.upper) > 0 ? reach : file.upper;
    cluster.push(file);
  }
  close();
  return overlapping;
}

/** Orders exclusive upper bounds; `undefined`, no bound, is last. */
export function compareUppers(left: Uint8Array | undefined, right: Uint8Array | undefined): number {
  if (left === undefined) return right === undefined ? 0 : 1;
  return right === undefined ? -1 : compareBytes(left, right);
}

/** Tells whether everything below the exclusive bound `upper` is below `key`. */
export function isAtOrBelow(upper: Uint8Array | undefined, key: Uint8Array): boolean {
  return upper !== undefined && compareBytes(upper, key) <= 0;
}
