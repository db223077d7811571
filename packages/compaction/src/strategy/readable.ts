/**
 * The readable times of a family, R = [horizon, ∞) ∪ pins: what compaction must preserve.
 *
 * A version may go if its interval misses R. The rule is exact, because intervals come from inputs that are
 * contiguous in age: nothing unseen lies between a version and the one that supersedes it. Where histories list the
 * newest versions of a key however old they are, those stay as well: a merge counts the versions that it sees, which
 * keeps too many rather than too few.
 */

/** The times at which reads are still answered. Serialisable. */
export interface Readable {
  /** Every time from here on; `-Infinity` for all times. */
  readonly horizon: number;
  /** Single times below the horizon (others are harmless), in any order. */
  readonly pins: readonly number[];
  /** So many of the newest versions of a key are kept for histories, whatever their times. None by default. */
  readonly versions?: number | undefined;
}

/** Returns what a merge of a family must preserve. */
export function readableOf(
  { horizon, pins }: Readable,
  { versions }: { readonly versions: number },
): Readable {
  return { horizon, pins: [...pins], ...(versions === 0 ? {} : { versions }) };
}

/** Returns up to which end only histories need a version, so that its window no longer matters. */
export function archivedUpTo(
  { horizon }: Pick<Readable, 'horizon'>,
  { versions }: { readonly versions: number },
): number | undefined {
  return versions === 0 ? undefined : horizon;
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
