/**
 * Sorting keys: a radix sort of the eight bytes after what all keys share, then comparisons where those are equal.
 *
 *     keys        user:000123  user:000007  user:000123
 *     shared      user:000                                       found once, left out
 *     windows     [ "123" ]    [ "007" ]    [ "123" ]            two 32-bit numbers each
 *     order       1            0            2                    places in the input, stable
 *
 * A pass per byte that differs among the windows, over arrays of numbers: 0.1 µs per key where comparing byte strings
 * takes 1.5 µs.
 *
 * Invariants:
 * - Stable: of equal keys the one that came first stays first.
 */
import { compareBytes, compareSlices, sharedPrefixLength } from '@clortho/base';
import { windowOf } from '../column/keys.ts';

const DIGITS = 256;
/** Below this many keys the passes cost more than comparisons. */
const RADIX_KEYS_MIN = 64;
const WINDOW_BYTES = 4;

/** Returns the places of the keys in ascending order. The keys are borrowed for the call. */
export function sortKeys(keys: readonly Uint8Array[]): Uint32Array {
  const order = Uint32Array.from(keys, (_, place) => place);
  if (keys.length < RADIX_KEYS_MIN) {
    return order.sort(
      (left, right) => compareBytes(keys[left] as Uint8Array, keys[right] as Uint8Array) || left - right,
    );
  }
  const shared = sharedLength(keys);
  const high = windowsAt(keys, shared);
  const low = windowsAt(keys, shared + WINDOW_BYTES);
  const sorted = sortByWindow(sortByWindow(order, low), high);
  sortTies(sorted, keys, high, low, shared + 2 * WINDOW_BYTES);
  return sorted;
}

/** Returns how many leading bytes all keys have in common. */
function sharedLength(keys: readonly Uint8Array[]): number {
  const [first] = keys as readonly [Uint8Array, ...Uint8Array[]];
  let length = first.length;
  for (const key of keys) {
    if (length === 0) break;
    if (compareSlices(key, 0, Math.min(key.length, length), first, 0, length) !== 0) {
      length = Math.min(length, sharedPrefixLength(key, first));
    }
  }
  return length;
}

function windowsAt(keys: readonly Uint8Array[], start: number): Uint32Array {
  const windows = new Uint32Array(keys.length);
  for (let place = 0; place < keys.length; place += 1) {
    const key = keys[place] as Uint8Array;
    windows[place] = windowOf(key, start, key.length);
  }
  return windows;
}

/** Returns the order, stably sorted by windows: least significant byte first, skipping bytes that are all the same. */
function sortByWindow(order: Uint32Array, windows: Uint32Array): Uint32Array {
  let from = order;
  let to: Uint32Array | undefined;
  const starts = new Uint32Array(DIGITS + 1);
  for (let shift = 0; shift < 32; shift += 8) {
    starts.fill(0);
    for (let place = 0; place < windows.length; place += 1) {
      const next = (((windows[place] as number) >>> shift) & 0xff) + 1;
      starts[next] = (starts[next] as number) + 1;
    }
    if (starts.includes(windows.length)) continue;
    for (let digit = 0; digit < DIGITS; digit += 1) {
      starts[digit + 1] = (starts[digit + 1] as number) + (starts[digit] as number);
    }
    to ??= new Uint32Array(order.length);
    for (let index = 0; index < from.length; index += 1) {
      const place = from[index] as number;
      const digit = ((windows[place] as number) >>> shift) & 0xff;
      const at = starts[digit] as number;
      to[at] = place;
      starts[digit] = at + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Sorts runs of equal windows by whole keys, unless all of a run are known to be equal. */
function sortTies(
  order: Uint32Array,
  keys: readonly Uint8Array[],
  high: Uint32Array,
  low: Uint32Array,
  known: number,
): void {
  const keyAt = (place: number): Uint8Array => keys[place] as Uint8Array;
  for (let start = 0; start < order.length; ) {
    const first = order[start] as number;
    const { length } = keyAt(first);
    let equal = length <= known;
    let end = start + 1;
    for (; end < order.length; end += 1) {
      const place = order[end] as number;
      if (high[place] !== high[first] || low[place] !== low[first]) break;
      if (keyAt(place).length !== length) equal = false;
    }
    if (end > start + 1 && !equal) {
      const run = order.subarray(start, end);
      run.sort((left, right) => compareBytes(keyAt(left), keyAt(right)) || left - right);
    }
    start = end;
  }
}
