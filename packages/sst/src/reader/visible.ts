/**
 * What a file shows of a key at a time, if the file were all there is: the newest version that began by then, unless it had
 * ended, is a delete, or lies under a range delete of that time.
 */
import { compareSlices, pooledCopy } from '@clortho/base';
import { DELETE, NEVER, type RangeDelete, type Row, type RowPosition } from '../row.ts';

/** The time of latest reads. */
export const LATEST: number = Number.MAX_SAFE_INTEGER;

/** Tells whether the version at a position, the newest of its key by `asOf`, is visible then. */
export function isVisible(position: RowPosition, ranges: readonly RangeDelete[], asOf: number): boolean {
  const { keyBytes, keyStart, keyEnd, timestamp, endTimestamp, kind } = position;
  if (kind === DELETE || (endTimestamp <= asOf && endTimestamp !== NEVER)) return false;
  for (const { start, end, timestamp: deleted } of ranges) {
    if (deleted <= timestamp || deleted > asOf) continue;
    if (compareSlices(start, 0, start.length, keyBytes, keyStart, keyEnd) > 0) return true;
    if (compareSlices(keyBytes, keyStart, keyEnd, end, 0, end.length) < 0) return false;
  }
  return true;
}

/** Tells whether a position shows a version of `key`. */
export function showsKey({ keyBytes, keyStart, keyEnd }: RowPosition, key: Uint8Array): boolean {
  return compareSlices(keyBytes, keyStart, keyEnd, key, 0, key.length) === 0;
}

/** Returns the row at a position with a copy of its value, under a key that the caller owns. */
export function rowOf(position: RowPosition, key: Uint8Array): Row {
  const { timestamp, endTimestamp, kind, valueBytes, valueStart, valueEnd } = position;
  return { key, timestamp, endTimestamp, kind, value: pooledCopy(valueBytes, valueStart, valueEnd) };
}
