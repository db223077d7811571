/** The facts of a file, from those of its rows and its range deletes: the writer states them, verification counts again. */
import { compareBytes, copyBytes, EMPTY_BYTES } from '@clortho/base';
import { NEVER, type RangeDelete } from '../row.ts';
import type { SstSummary } from '../summary.ts';

/** What is known of the rows of a file; the times are infinite, either way, where there are none. */
export interface RowFacts {
  readonly rawBytes: number;
  readonly blocks: number;
  readonly rows: number;
  readonly deletes: number;
  readonly merges: number;
  readonly firstKey: Uint8Array | undefined;
  readonly lastKey: Uint8Array | undefined;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly minEnd: number;
  readonly maxEnd: number;
}

/** The part of a summary that rows and range deletes decide. */
export type FileFacts = Omit<SstSummary, 'bytes' | 'tailBytes' | 'statistics'>;

/** Returns the facts of the file; keys are copies. */
export function fileFacts(facts: RowFacts, ranges: readonly RangeDelete[]): FileFacts {
  const { rawBytes, blocks, rows, deletes, merges } = facts;
  let { firstKey: minKey, lastKey: maxKey, minTimestamp, maxTimestamp } = facts;
  for (const { start, end, timestamp } of ranges) {
    if (minKey === undefined || compareBytes(start, minKey) < 0) minKey = start;
    if (maxKey === undefined || compareBytes(end, maxKey) > 0) maxKey = end;
    minTimestamp = Math.min(minTimestamp, timestamp);
    maxTimestamp = Math.max(maxTimestamp, timestamp);
  }
  const empty = minKey === undefined;
  return {
    rawBytes,
    blocks,
    rows,
    deletes,
    merges,
    rangeDeletes: ranges.length,
    minKey: copyBytes(minKey ?? EMPTY_BYTES),
    maxKey: copyBytes(maxKey ?? EMPTY_BYTES),
    minTimestamp: empty ? 0 : minTimestamp,
    maxTimestamp: empty ? 0 : maxTimestamp,
    minEndTimestamp: rows === 0 ? NEVER : facts.minEnd,
    maxEndTimestamp: rows === 0 ? NEVER : facts.maxEnd,
  };
}
