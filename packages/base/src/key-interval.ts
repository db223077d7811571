/**
 * Ranges of keys, as users write them and as one half-open interval.
 *
 * Invariants:
 * - An interval is `[start, end)`; `end` is `undefined` where nothing bounds it. `start >= end` is empty.
 */
import { compareBytes, EMPTY_BYTES, keySuccessor, prefixSuccessor } from './bytes.ts';
import { ClorthoError } from './errors.ts';

/** A half-open interval of keys. */
export interface KeyInterval {
  readonly start: Uint8Array;
  readonly end: Uint8Array | undefined;
}

/** A range as users write it: at most one lower and one upper bound; `prefix` intersects with them. */
export interface KeyBounds {
  readonly gte?: Uint8Array | undefined;
  readonly gt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly prefix?: Uint8Array | undefined;
}

/**
 * Returns the interval of a range. It shares the bytes of the bounds.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if two lower or two upper bounds are given, or they are inverted.
 */
export function intervalOf({ gte, gt, lte, lt, prefix }: KeyBounds): KeyInterval {
  if (gte !== undefined && gt !== undefined)
    throw new ClorthoError('CLORTHO_INVALID', 'gte and gt exclude each other');
  if (lte !== undefined && lt !== undefined)
    throw new ClorthoError('CLORTHO_INVALID', 'lte and lt exclude each other');
  const lower = gte ?? gt;
  const upper = lte ?? lt;
  if (lower !== undefined && upper !== undefined && compareBytes(lower, upper) > 0)
    throw new ClorthoError('CLORTHO_INVALID', 'the lower bound is above the upper bound');
  const start = gt === undefined ? (gte ?? EMPTY_BYTES) : keySuccessor(gt);
  const end = lte === undefined ? lt : keySuccessor(lte);
  if (prefix === undefined) return { start, end };
  return intersectIntervals({ start, end }, { start: prefix, end: prefixSuccessor(prefix) });
}

/** Tells whether no key is in the interval. */
export function isEmptyInterval({ start, end }: KeyInterval): boolean {
  return end !== undefined && compareBytes(start, end) >= 0;
}

/** Returns the keys that are in both. */
export function intersectIntervals(left: KeyInterval, right: KeyInterval): KeyInterval {
  const start = compareBytes(left.start, right.start) >= 0 ? left.start : right.start;
  if (left.end === undefined) return { start, end: right.end };
  if (right.end === undefined) return { start, end: left.end };
  return { start, end: compareBytes(left.end, right.end) <= 0 ? left.end : right.end };
}
