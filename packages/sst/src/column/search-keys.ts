/**
 * Binary search in sorted rows: keys ascending, timestamps descending within a key.
 *
 * What all keys share is compared once; then most probes compare one number, the four bytes after that
 * ({@link Keys.table}), and touch the keys themselves only where those are equal.
 */
import { compareSlices } from '@clortho/base';
import { type Integers, integerAt } from './integers.ts';
import { KEY_START, type Keys, ROW_NUMBERS, windowOf } from './keys.ts';

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
  const { keyBytes, table, shared, rows } = keys;
  const length = key.length;
  const base = table[KEY_START] as number;
  const stem = compareSlices(key, 0, length < shared ? length : shared, keyBytes, base, base + shared);
  if (stem !== 0) return stem < 0 ? 0 : rows;
  const window = windowOf(key, shared, length);
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((table[middle * ROW_NUMBERS] as number) < window) low = middle + 1;
    else high = middle;
  }
  // Rows of one window are told apart by whole keys: so far, then, among twice as many, until one is beyond.
  high = rows;
  for (let step = 1; low + step <= rows; step *= 2) {
    const last = low + step - 1;
    if (
      table[last * ROW_NUMBERS] === window &&
      comesBefore(keys, timestamps, last, key, timestamp, inclusive)
    ) {
      low = last + 1;
    } else {
      high = last;
      break;
    }
  }
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comesBefore(keys, timestamps, middle, key, timestamp, inclusive)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Tells whether a row, whose key has the shared bytes as `key` does, comes before the place. */
function comesBefore(
  keys: Keys,
  timestamps: Integers,
  row: number,
  key: Uint8Array,
  timestamp: number,
  inclusive: boolean,
): boolean {
  const { keyBytes, table, shared } = keys;
  const at = row * ROW_NUMBERS;
  const start = (table[at + KEY_START] as number) + shared;
  const end = table[at + ROW_NUMBERS + KEY_START] as number;
  const order = compareSlices(keyBytes, start, end, key, shared, key.length);
  if (order !== 0) return order < 0;
  // The place before all versions needs no look at their timestamps.
  if (timestamp === Number.POSITIVE_INFINITY) return false;
  const later = timestamp - integerAt(timestamps, row);
  return later < 0 || (inclusive && later === 0);
}
