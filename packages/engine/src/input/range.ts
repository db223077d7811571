/** Key ranges as users of a store write them. */
import { intervalOf, type KeyInterval } from '@clortho/base';
import type { Bytes, KeyRange, ScanOptions } from '../api.ts';
import { keyBytes, owned } from './bytes.ts';

/**
 * Returns the interval of a range; it may refer to the bounds.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if a bound is no key, two lower or two upper bounds are given, or they are
 *   inverted.
 */
export function keyIntervalOf({ gte, gt, lte, lt, prefix }: KeyRange): KeyInterval {
  return intervalOf({
    gte: boundBytes(gte, 'lower bound'),
    gt: boundBytes(gt, 'lower bound'),
    lte: boundBytes(lte, 'upper bound'),
    lt: boundBytes(lt, 'upper bound'),
    prefix: boundBytes(prefix, 'prefix'),
  });
}

/** Returns a range with its bounds copied and not yet checked, for a call that looks at them only later. */
export function ownedRange({ gte, gt, lte, lt, prefix }: KeyRange): KeyRange {
  return { gte: owned(gte), gt: owned(gt), lte: owned(lte), lt: owned(lt), prefix: owned(prefix) };
}

/** Returns the options of a scan, the range as {@link ownedRange} does. One literal: to spread them takes many times as long. */
export function ownedScan(options: ScanOptions): ScanOptions {
  const { gte, gt, lte, lt, prefix, reverse, limit, prune, family, asOf, atLeast, signal } = options;
  return {
    gte: owned(gte),
    gt: owned(gt),
    lte: owned(lte),
    lt: owned(lt),
    prefix: owned(prefix),
    reverse,
    limit,
    prune,
    family,
    asOf,
    atLeast,
    signal,
  };
}

function boundBytes(bound: Bytes | undefined, what: string): Uint8Array | undefined {
  return bound === undefined ? undefined : keyBytes(bound, what);
}
