/** Which keys a file may show: those within its bounds, whatever else its object holds. */
import { compareBytes, type KeyInterval } from '@clortho/base';
import type { FileEntry } from '@clortho/manifest';
import type { MayMatch, Sst, SstCursor } from '@clortho/sst';

/** Returns a cursor over the rows of `sst` that `file`, which may be a part of it, shows. */
export function cursorWithin(sst: Sst, file: FileEntry, mayMatch?: MayMatch): SstCursor {
  const { minKey, maxKey } = sst.summary;
  const isCut = compareBytes(minKey, file.lower) < 0 || !isBelowUpper(file, maxKey);
  if (!isCut && mayMatch === undefined) return sst.cursor();
  return sst.cursor({ mayMatch, ...(isCut ? { lower: file.lower, upper: file.upper } : {}) });
}

/** Tells whether `key` lies within the bounds of the file. */
export function holdsKey(file: FileEntry, key: Uint8Array): boolean {
  return compareBytes(file.lower, key) <= 0 && isBelowUpper(file, key);
}

/** Tells whether the bounds of the file and the interval have keys in common. */
export function overlaps(file: FileEntry, { start, end }: KeyInterval): boolean {
  return (end === undefined || compareBytes(file.lower, end) < 0) && isBelowUpper(file, start);
}

/** Tells whether `key` lies below the upper bound of the file. */
export function isBelowUpper(file: FileEntry, key: Uint8Array): boolean {
  return file.upper === undefined || compareBytes(key, file.upper) < 0;
}

/**
 * Returns the files of Current that may meet the interval, by bisection: a scan of a few rows must not look at every file.
 * Bounds of Current are in order, lower and upper ones; shortening keeps them so.
 */
export function currentWithin(
  current: readonly FileEntry[],
  { start, end }: KeyInterval,
): readonly FileEntry[] {
  const first = firstIndex(current, (file) => isBelowUpper(file, start));
  if (end === undefined) return first === 0 ? current : current.slice(first);
  return current.slice(
    first,
    firstIndex(current, (file) => compareBytes(file.lower, end) >= 0),
  );
}

/** Returns the index of the first file from which on `holds` is true. */
function firstIndex(files: readonly FileEntry[], holds: (file: FileEntry) => boolean): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(files[middle] as FileEntry)) high = middle;
    else low = middle + 1;
  }
  return low;
}
