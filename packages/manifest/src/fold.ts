/**
 * Folding: moving edits from a head's tail into checkpoint segments.
 *
 * Invariants:
 * - Committed edits are folded, and a large one together with its own commit. That segment is of this attempt alone:
 *   reused after a lost race, it would erase the winner.
 * - A head stays within {@link HEAD_BYTES_MAX} and its fields: all heads of a store are read in one call.
 */
import type { Head } from './head.ts';
import { composeSegments, type Segment, type SegmentReference, segmentOf, segmentSize } from './segment.ts';

/** The most edits that a tail holds. */
export const TAIL_EDITS_MAX = 16;
/** An edit that would make its head longer than this comes after a fold. */
export const HEAD_BYTES_MAX = 5120;
/** An edit of more encoded bytes never is in a tail. */
export const EDIT_BYTES_MAX = 2560;

/** What a fold writes: one new segment in place of the tail and of the newest `replaced` segments. */
export interface Fold {
  readonly segment: Segment;
  readonly kept: readonly SegmentReference[];
}

/** Tells whether the tail is due to be folded before an edit joins it; sizes are those of the encoded bytes. */
export function needsFold(
  head: Head,
  headBytes: number,
  editBytes: number,
  tailEditsMax: number = TAIL_EDITS_MAX,
): boolean {
  if (head.tail.length === 0) return false;
  return head.tail.length >= tailEditsMax || headBytes + editBytes > HEAD_BYTES_MAX;
}

/**
 * Returns the fold of the head's tail: merged with the newest segments while those are at most twice its size.
 *
 * `load` returns the content of a segment; what it throws is passed on.
 */
export async function planFold(
  head: Head,
  load: (reference: SegmentReference) => Promise<Segment>,
): Promise<Fold> {
  const kept = [...head.segments];
  let segment = segmentOf(head.version - head.tail.length, head.tail);
  for (
    let last = kept.at(-1);
    last !== undefined && last.size <= 2 * segmentSize(segment);
    last = kept.at(-1)
  ) {
    segment = composeSegments(await load(last), segment);
    kept.pop();
  }
  return { segment, kept };
}
