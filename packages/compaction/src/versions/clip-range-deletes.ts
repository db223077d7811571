/** Range deletes of a file of which only a part may be seen: a clipped view, or one output of several. */
import { compareBytes } from '@clortho/base';
import type { RangeDelete } from '@clortho/sst';

/** The keys `[lower, upper)`; without an upper bound when `upper` is `undefined`. */
export interface KeyRange {
  readonly lower: Uint8Array;
  readonly upper: Uint8Array | undefined;
}

/** Returns the parts of `rangeDeletes` that lie in `range`, in the same order; bounds are shared, not copied. */
export function clipRangeDeletes(rangeDeletes: readonly RangeDelete[], range: KeyRange): RangeDelete[] {
  const clipped: RangeDelete[] = [];
  for (const { start, end, timestamp } of rangeDeletes) {
    const from = compareBytes(start, range.lower) < 0 ? range.lower : start;
    const to = range.upper !== undefined && compareBytes(range.upper, end) < 0 ? range.upper : end;
    if (compareBytes(from, to) < 0) clipped.push({ start: from, end: to, timestamp });
  }
  return clipped;
}
