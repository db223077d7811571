/**
 * Key ranges: what users write, as one half-open interval.
 *
 * Invariants:
 * - A range is `[start, end)`; `end` is `undefined` where nothing bounds it. `start >= end` is empty.
 */
import { ClorthoError, compareBytes, EMPTY_BYTES, keySuccessor, prefixSuccessor } from '@clortho/base';
import type { KeyRange } from '../api.ts';
import { owned, ownedKeyBytes } from './bytes.ts';

/** A half-open interval of keys. */
export interface Interval {
  readonly start: Uint8Array;
  readonly end: Uint8Array | undefined;
}

/**
 * Returns the interval of a range, its bounds copied.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if two lower or two upper bounds are given, or they are inverted.
 */
export function intervalOf(range: KeyRange): Interval {
  const { gte, gt, lte, lt, prefix } = range;
  if (gte !== undefined && gt !== undefined)
    throw new ClorthoError('CLORTHO_INVALID', 'gte and gt exclude each other');
  if (lte !== undefined && lt !== undefined)
    throw new ClorthoError('CLORTHO_INVALID', 'lte and lt exclude each other');
  const lower = gte === undefined ? gt : gte;
  const upper = lte === undefined ? lt : lte;
  const lowerKey = lower === undefined ? undefined : ownedKeyBytes(lower, 'lower bound');
  const upperKey = upper === undefined ? undefined : ownedKeyBytes(upper, 'upper bound');
  if (lowerKey !== undefined && upperKey !== undefined && compareBytes(lowerKey, upperKey) > 0) {
    throw new ClorthoError('CLORTHO_INVALID', 'the lower bound is above the upper bound');
  }
  const interval: Interval = {
    start: lowerKey === undefined ? EMPTY_BYTES : gt === undefined ? lowerKey : keySuccessor(lowerKey),
    end: upperKey === undefined ? undefined : lte === undefined ? upperKey : keySuccessor(upperKey),
  };
  return prefix === undefined
    ? interval
    : intersect(interval, prefixInterval(ownedKeyBytes(prefix, 'prefix')));
}

/** Returns a range with its bounds copied and not yet checked, for a call that looks at them only later. */
export function ownedRange<T extends KeyRange>(range: T): T {
  const { gte, gt, lte, lt, prefix } = range;
  return { ...range, gte: owned(gte), gt: owned(gt), lte: owned(lte), lt: owned(lt), prefix: owned(prefix) };
}

/** Tells whether no key is in the interval. */
export function isEmpty({ start, end }: Interval): boolean {
  return end !== undefined && compareBytes(start, end) >= 0;
}

/** Returns the keys that are in both. */
export function intersect(left: Interval, right: Interval): Interval {
  const start = compareBytes(left.start, right.start) >= 0 ? left.start : right.start;
  if (left.end === undefined) return { start, end: right.end };
  if (right.end === undefined) return { start, end: left.end };
  return { start, end: compareBytes(left.end, right.end) <= 0 ? left.end : right.end };
}

function prefixInterval(prefix: Uint8Array): Interval {
  return { start: prefix, end: prefixSuccessor(prefix) };
}
