/** Whether a file can hold a key, by its bounds alone. */
import { compareBytes, type KeyInterval } from '@clortho/base';
import type { FileEntry } from '@clortho/manifest';

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
