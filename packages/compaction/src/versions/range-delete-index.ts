/**
 * Range deletes of several sources, arranged so that the ones that cover a key are found in logarithmic time.
 *
 * The starts and ends cut the key space into fragments; a segment tree over the fragments stores every range
 * delete at O(log n) nodes, as a list of timestamps. The ones covering a fragment are on its path to the root:
 *
 *     keys     a       d       k       q       z                        1: [5]
 *     @5       [-------------------------------)                      /        \
 *     @7               [-------)                                2: []            3: [9]
 *     @9                       [---------------)               /     \          /     \
 *     fragment     0       1       2       3              4: []     5: [7]  6: []     7: []
 *
 * Overlaps are common and deep (a queue that trims its head writes `['', i)` again and again), which is why the
 * timestamps are not copied into every fragment they cover.
 *
 * Invariants:
 * - A range delete covers `[start, end)` and versions strictly older than its timestamp.
 * - The timestamps of a node ascend.
 */
import { compareBytes, compareSlices } from '@clortho/base';
import { NEVER, type RangeDelete } from '@clortho/sst';

/** The fragment of a key that no range delete covers. */
export const NO_FRAGMENT = -1;
/** Stands for "no range delete": below every timestamp. */
export const NO_RANGE_DELETE: number = Number.NEGATIVE_INFINITY;

/** An immutable set of range deletes. Look-ups in ascending key order are the fastest. */
export class RangeDeleteIndex {
  readonly #bounds: readonly Uint8Array[];
  readonly #nodes: readonly (number[] | undefined)[];
  /** Where the last look-up ended: a scan asks for neighbours. */
  #last = 0;

  private constructor(bounds: readonly Uint8Array[], nodes: readonly (number[] | undefined)[]) {
    this.#bounds = bounds;
    this.#nodes = nodes;
  }

  /** Returns the index over `rangeDeletes`, in any order; `undefined` if there are none, or only empty ones. */
  static of(rangeDeletes: Iterable<RangeDelete>): RangeDeleteIndex | undefined {
    const ranges = [...rangeDeletes].filter((range) => compareBytes(range.start, range.end) < 0);
    if (ranges.length === 0) return undefined;
    ranges.sort((left, right) => left.timestamp - right.timestamp);
    const bounds = distinctBounds(ranges);
    const leaves = bounds.length - 1;
    const nodes: (number[] | undefined)[] = new Array(2 * leaves).fill(undefined);
    const add = (node: number, timestamp: number): void => {
      const timestamps = nodes[node];
      if (timestamps === undefined) nodes[node] = [timestamp];
      else timestamps.push(timestamp);
    };
    for (const range of ranges) {
      let left = lastAtOrBelow(bounds, range.start, 0, range.start.length) + leaves;
      let right = lastAtOrBelow(bounds, range.end, 0, range.end.length) + leaves;
      for (; left < right; left >>= 1, right >>= 1) {
        if ((left & 1) === 1) add(left++, range.timestamp);
        if ((right & 1) === 1) add(--right, range.timestamp);
      }
    }
    return new RangeDeleteIndex(bounds, nodes);
  }

  /** Returns the fragment that holds the key `keyBytes[keyStart, keyEnd)`, or {@link NO_FRAGMENT}. */
  locate(keyBytes: Uint8Array, keyStart: number, keyEnd: number): number {
    const bounds = this.#bounds;
    const last = this.#last;
    for (let fragment = last; fragment < last + 2 && fragment + 1 < bounds.length; fragment += 1) {
      if (!isAtOrBelow(bounds[fragment] as Uint8Array, keyBytes, keyStart, keyEnd)) break;
      if (isAtOrBelow(bounds[fragment + 1] as Uint8Array, keyBytes, keyStart, keyEnd)) continue;
      this.#last = fragment;
      return fragment;
    }
    const fragment = lastAtOrBelow(bounds, keyBytes, keyStart, keyEnd);
    if (fragment < 0 || fragment === bounds.length - 1) return NO_FRAGMENT;
    this.#last = fragment;
    return fragment;
  }

  /** Returns the newest timestamp `<= asOf` covering the fragment, or {@link NO_RANGE_DELETE}. */
  newestAt(fragment: number, asOf: number): number {
    let newest = NO_RANGE_DELETE;
    if (fragment === NO_FRAGMENT) return newest;
    for (let node = fragment + this.#nodes.length / 2; node >= 1; node >>= 1) {
      const timestamps = this.#nodes[node];
      if (timestamps === undefined) continue;
      const above = firstAbove(timestamps, asOf);
      if (above > 0) newest = Math.max(newest, timestamps[above - 1] as number);
    }
    return newest;
  }

  /** Returns the oldest timestamp `> after` covering the fragment, or `NEVER`: when a version of `after` ends. */
  oldestAfter(fragment: number, after: number): number {
    let oldest = NEVER;
    if (fragment === NO_FRAGMENT) return oldest;
    for (let node = fragment + this.#nodes.length / 2; node >= 1; node >>= 1) {
      const timestamps = this.#nodes[node];
      if (timestamps === undefined) continue;
      const above = firstAbove(timestamps, after);
      if (above < timestamps.length) oldest = Math.min(oldest, timestamps[above] as number);
    }
    return oldest;
  }

  /** Returns the newest timestamp `<= asOf` whose range holds `key`, or {@link NO_RANGE_DELETE}. */
  newestCovering(key: Uint8Array, asOf: number): number {
    return this.newestAt(this.locate(key, 0, key.length), asOf);
  }
}

function distinctBounds(ranges: readonly RangeDelete[]): Uint8Array[] {
  const sorted = ranges.flatMap((range) => [range.start, range.end]).sort(compareBytes);
  return sorted.filter(
    (bound, index) => index === 0 || compareBytes(sorted[index - 1] as Uint8Array, bound) !== 0,
  );
}

function isAtOrBelow(bound: Uint8Array, keyBytes: Uint8Array, keyStart: number, keyEnd: number): boolean {
  return compareSlices(bound, 0, bound.length, keyBytes, keyStart, keyEnd) <= 0;
}

/** Returns the index of the last bound `<=` the key, or -1. */
function lastAtOrBelow(
  bounds: readonly Uint8Array[],
  keyBytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAtOrBelow(bounds[middle] as Uint8Array, keyBytes, keyStart, keyEnd)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Returns the index of the first timestamp above `value`. */
function firstAbove(timestamps: readonly number[], value: number): number {
  let low = 0;
  let high = timestamps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timestamps[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
