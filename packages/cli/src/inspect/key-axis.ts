/**
 * Keys across a line: every bound has its place by rank, so that a store whose keys share a long beginning, or crowd at one
 * end, still fills the width.
 */
import { compareBytes, equalBytes } from '@clortho/base';

/** A range of keys; without an upper bound, up to the end of all keys. */
export interface KeyBounds {
  readonly lower: Uint8Array;
  readonly upper: Uint8Array | undefined;
}

/** Columns `[start, end)` of a line; never empty. */
export interface Columns {
  readonly start: number;
  readonly end: number;
}

/** An axis of keys. */
export interface KeyAxis {
  /** The first bound and the last one; `undefined` if that is the end of all keys. */
  readonly first: Uint8Array;
  readonly last: Uint8Array | undefined;
  /** Returns the columns that a range takes. */
  columnsOf(range: KeyBounds): Columns;
}

/** Returns the axis of `width` characters on which all bounds of the ranges have a place. */
export function keyAxis(ranges: readonly KeyBounds[], width: number): KeyAxis {
  const keys = ranges
    .flatMap(({ lower, upper }) => (upper === undefined ? [lower] : [lower, upper]))
    .sort(compareBytes)
    .filter((key, index, sorted) => index === 0 || !equalBytes(key, sorted[index - 1] as Uint8Array));
  const isOpen = ranges.some(({ upper }) => upper === undefined);
  const steps = Math.max(1, keys.length - (isOpen ? 0 : 1));
  const columnOf = (key: Uint8Array | undefined): number =>
    Math.floor(((key === undefined ? steps : rankOf(keys, key)) / steps) * width);
  return {
    first: keys[0] ?? new Uint8Array(0),
    last: isOpen ? undefined : keys.at(-1),
    columnsOf({ lower, upper }) {
      const start = Math.min(columnOf(lower), width - 1);
      return { start, end: Math.max(start + 1, columnOf(upper)) };
    },
  };
}

function rankOf(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(keys[middle] as Uint8Array, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
