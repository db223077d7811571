/**
 * Folding: moving committed edits from a head's tail into checkpoint segments.
 *
 * Invariants:
 * - Only committed edits are folded; the edit being committed stays in the tail. (Folding it too and reusing the
 *   segment after a lost race would erase the winner.)
 */
import type { Head } from './head.ts';
import { composeSegments, type Segment, type SegmentReference, segmentOf, segmentSize } from './segment.ts';

/** The most edits that a tail holds. */
export const TAIL_EDITS_MAX = 16;
/** A head of more encoded bytes is folded before the next change. */
export const HEAD_BYTES_MAX = 4096;

/** What a fold writes: one new segment in place of the tail and of the newest `replaced` segments. */
export interface Fold {
  readonly segment: Segment;
  readonly kept: readonly SegmentReference[];
}

/** Tells whether the tail is due to be folded; `headBytes` is the encoded size of the head. */
export function needsFold(head: Head, headBytes: number, tailEditsMax: number = TAIL_EDITS_MAX): boolean {
  return head.tail.length >= tailEditsMax || (headBytes > HEAD_BYTES_MAX && head.tail.length > 0);
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
