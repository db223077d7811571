/**
 * Binary search in sorted rows: keys ascending, timestamps descending within a key.
 *
 * What all keys share is compared once; then most probes compare one number, the four bytes after that
 * ({@link Keys.windows}), and touch the keys themselves only where those are equal.
 */
import { compareSlices } from '@clortho/base';
import { type Integers, integerAt } from './integers.ts';
import { type Keys, windowOf } from './keys.ts';

/**
 * Returns how many rows come before the place (key, timestamp), the row at that very place counting if `inclusive`.
 * A timestamp of `Infinity` is a place before all versions of the key, `-Infinity` one after them.
 */
export function countBefore(
  keys: Keys,
  timestamps: Integers,
  key: Uint8Array,
  timestamp: number,
  inclusive: boolean,
): number {
  const { bytes, offsets, windows, shared } = keys;
  const length = key.length;
  const stem = compareSlices(key, 0, length < shared ? length : shared, bytes, 0, shared);
  if (stem !== 0) return stem < 0 ? 0 : windows.length;
  const window = windowOf(key, shared, length);
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = windows[middle] as number;
    let order = found - window;
    if (order === 0) {
      const start = (offsets[middle] as number) + shared;
      order = compareSlices(bytes, start, offsets[middle + 1] as number, key, shared, length);
      if (order === 0) order = timestamp - integerAt(timestamps, middle);
    }
    if (order < 0 || (inclusive && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
