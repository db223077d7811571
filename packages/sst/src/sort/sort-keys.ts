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
import { compareSlices, concatBytes } from '@clortho/base';
import { windowOf } from '../column/keys.ts';

const DIGITS = 256;
/** Below this many keys the passes cost more than comparisons. */
const RADIX_KEYS_MIN = 64;
const WINDOW_BYTES = 4;

/** Keys in one piece of memory: key i is `bytes[starts[i], ends[i])`. */
interface KeySlices {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Returns the places of the keys in ascending order. The keys are borrowed for the call. */
export function sortKeys(keys: readonly Uint8Array[]): Uint32Array {
  const starts = new Uint32Array(keys.length);
  const ends = new Uint32Array(keys.length);
  let end = 0;
  for (let place = 0; place < keys.length; place += 1) {
    starts[place] = end;
    end += (keys[place] as Uint8Array).length;
    ends[place] = end;
  }
  return sortKeySlices(concatBytes(keys), starts, ends);
}

/**
 * Returns the places of the keys `bytes[starts[i], ends[i])` in ascending order. `starts` and `ends` have as many elements as
 * there are keys; all of it is borrowed for the call.
 */
export function sortKeySlices(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Uint32Array {
  const keys: KeySlices = { bytes, starts, ends };
  const order = new Uint32Array(starts.length);
  for (let place = 0; place < order.length; place += 1) order[place] = place;
  if (order.length < RADIX_KEYS_MIN) return sortByComparing(order, keys);
  const shared = sharedLength(keys);
  const high = windowsAt(keys, shared);
  const low = windowsAt(keys, shared + WINDOW_BYTES);
  const sorted = sortByWindow(sortByWindow(order, low), high);
  sortTies(sorted, keys, high, low, shared + 2 * WINDOW_BYTES);
  return sorted;
}

function sortByComparing(order: Uint32Array, { bytes, starts, ends }: KeySlices): Uint32Array {
  return order.sort(
    (left, right) =>
      compareSlices(
        bytes,
        starts[left] as number,
        ends[left] as number,
        bytes,
        starts[right] as number,
        ends[right] as number,
      ) || left - right,
  );
}

/** Returns how many leading bytes all keys have in common. */
function sharedLength({ bytes, starts, ends }: KeySlices): number {
  const first = starts[0] as number;
  let length = (ends[0] as number) - first;
  for (let place = 1; place < starts.length; place += 1) {
    const start = starts[place] as number;
    length = Math.min(length, (ends[place] as number) - start);
    let index = 0;
    while (index < length && bytes[start + index] === bytes[first + index]) index += 1;
    length = index;
  }
  return length;
}

function windowsAt({ bytes, starts, ends }: KeySlices, from: number): Uint32Array {
  const windows = new Uint32Array(starts.length);
  for (let place = 0; place < windows.length; place += 1) {
    windows[place] = windowOf(bytes, (starts[place] as number) + from, ends[place] as number);
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
  keys: KeySlices,
  high: Uint32Array,
  low: Uint32Array,
  known: number,
): void {
  const { starts, ends } = keys;
  for (let start = 0; start < order.length; ) {
    const first = order[start] as number;
    const length = (ends[first] as number) - (starts[first] as number);
    let equal = length <= known;
    let end = start + 1;
    for (; end < order.length; end += 1) {
      const place = order[end] as number;
      if (high[place] !== high[first] || low[place] !== low[first]) break;
      if ((ends[place] as number) - (starts[place] as number) !== length) equal = false;
    }
    if (end > start + 1 && !equal) sortByComparing(order.subarray(start, end), keys);
    start = end;
  }
}
