/** Key ranges as users of a store write them. */
import { intervalOf, type KeyInterval } from '@clortho/base';
import type { Bytes, KeyRange } from '../api.ts';
import { owned, ownedKeyBytes } from './bytes.ts';

/**
 * Returns the interval of a range, its bounds copied.
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
export function ownedRange<T extends KeyRange>(range: T): T {
  const { gte, gt, lte, lt, prefix } = range;
  return { ...range, gte: owned(gte), gt: owned(gt), lte: owned(lte), lt: owned(lt), prefix: owned(prefix) };
}

function boundBytes(bound: Bytes | undefined, what: string): Uint8Array | undefined {
  return bound === undefined ? undefined : ownedKeyBytes(bound, what);
}
