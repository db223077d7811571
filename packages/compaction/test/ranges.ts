/** Key ranges, compared independently of the code under test. */
import type { KeyRange } from '../src/index.ts';

/** Tells whether the two ranges share a key. */
export function rangesOverlap(left: KeyRange, right: KeyRange): boolean {
  const isBelow = (key: Uint8Array, upper: Uint8Array | undefined): boolean =>
    upper === undefined || Buffer.compare(key, upper) < 0;
  return isBelow(left.lower, right.upper) && isBelow(right.lower, left.upper);
}
