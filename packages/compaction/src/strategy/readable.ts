/**
 * The readable times of a family, R = [horizon, ∞) ∪ pins: what compaction must preserve.
 *
 * A version may go if its interval misses R. The rule is exact, because intervals come from inputs that are
 * contiguous in age: nothing unseen lies between a version and the one that supersedes it.
 */

/** The times at which reads are still answered. Serialisable. */
export interface Readable {
  /** Every time from here on; `-Infinity` for all times. */
  readonly horizon: number;
  /** Single times below the horizon (others are harmless), in any order. */
  readonly pins: readonly number[];
}

/** All times: nothing may be dropped. */
export const ALL_TIMES: Readable = { horizon: Number.NEGATIVE_INFINITY, pins: [] };

/** Tells whether a read can fall into `[start, end)`. */
export function isReadable(readable: Readable, start: number, end: number): boolean {
  if (start >= end) return false;
  if (end > readable.horizon) return true;
  for (const pin of readable.pins) if (pin >= start && pin < end) return true;
  return false;
}
