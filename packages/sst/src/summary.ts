/** What is known of a finished file: enough for a manifest to place it and for a reader to open it in one read. */
import type { Properties } from './file/properties.ts';

/** The facts of one file. */
export interface SstSummary {
  /** The size of the file. */
  readonly bytes: number;
  /** The size of the tail (everything after the data blocks), which ends the file. */
  readonly tailBytes: number;
  /** Raw bytes of the rows: keys and values before prefix compression and codec. */
  readonly rawBytes: number;
  readonly blocks: number;
  readonly rows: number;
  readonly deletes: number;
  readonly merges: number;
  readonly rangeDeletes: number;
  /** The first key (or range-delete start), a copy; empty in an empty file. */
  readonly minKey: Uint8Array;
  /** The last key, or range-delete end if that sorts higher, a copy; empty in an empty file. */
  readonly maxKey: Uint8Array;
  /** Over rows and range deletes; 0 where the file stores no timestamps. */
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  /** Over the rows; `NEVER` for rows without an end. */
  readonly minEndTimestamp: number;
  readonly maxEndTimestamp: number;
  /** File-level statistics by collector name, as the collectors encoded them. */
  readonly statistics: Readonly<Record<string, Uint8Array>>;
}

/** Returns the summary of a file of `bytes` bytes out of its properties. */
export function summaryOf(
  { collectors, ...facts }: Properties,
  tailBytes: number,
  bytes: number,
): SstSummary {
  const collected = collectors.filter((one) => one.bytes.length > 0);
  return {
    ...facts,
    bytes,
    tailBytes,
    statistics: Object.fromEntries(collected.map((one) => [one.name, one.bytes])),
  };
}
