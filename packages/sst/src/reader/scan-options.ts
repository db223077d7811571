/** The options of a scan, and the bounds and order that they come to. */
import { ClorthoError, compareBytes, keySuccessor, prefixSuccessor } from '@clortho/base';
import type { MayMatch } from '../collector/collector.ts';

/** Which rows to read; all optional. Ranges are of keys, closed or open as named; `prefix` intersects. */
export interface SstScanOptions {
  readonly gte?: Uint8Array | undefined;
  readonly gt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly prefix?: Uint8Array | undefined;
  /** Highest key first. */
  readonly reverse?: boolean | undefined;
  /** The most rows. */
  readonly limit?: number | undefined;
  /** The time to read at; default: latest. */
  readonly asOf?: number | undefined;
  /** Blocks whose statistics it refuses are passed over; see the cursor's option of that name. */
  readonly mayMatch?: MayMatch | undefined;
  /** How many bytes of blocks to read at once, forwards. Default 256 KiB; 0 reads single blocks through the cache. */
  readonly readAheadBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The keys `[lower, upper)`; `undefined` for no bound. */
export interface KeyBounds {
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
}

/**
 * Returns the half-open range that the options ask for.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if a side is given twice or the bounds are inverted.
 */
export function boundsOf({ gte, gt, lte, lt, prefix }: SstScanOptions): KeyBounds {
  if ((gte !== undefined && gt !== undefined) || (lte !== undefined && lt !== undefined)) {
    throw new ClorthoError('CLORTHO_INVALID', 'a range has one lower and one upper bound');
  }
  const from = gte ?? gt;
  const to = lte ?? lt;
  if (from !== undefined && to !== undefined && compareBytes(from, to) > 0) {
    throw new ClorthoError('CLORTHO_INVALID', 'a range ends before it begins');
  }
  let lower = gt === undefined ? gte : keySuccessor(gt);
  let upper = lte === undefined ? lt : keySuccessor(lte);
  if (prefix !== undefined) {
    const end = prefixSuccessor(prefix);
    if (lower === undefined || compareBytes(prefix, lower) > 0) lower = prefix;
    if (end !== undefined && (upper === undefined || compareBytes(end, upper) < 0)) upper = end;
  }
  return { lower, upper };
}
