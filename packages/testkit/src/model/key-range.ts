/** Key ranges of scans, decided one key at a time. */
import { ClorthoError, compareBytes, startsWith } from '@clortho/base';

/** Which keys a scan yields: those within every bound given. */
export interface ModelRange {
  readonly gte?: Uint8Array | undefined;
  readonly gt?: Uint8Array | undefined;
  readonly lte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly prefix?: Uint8Array | undefined;
}

/**
 * Returns normally if the range makes sense.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it has two lower or two upper bounds, or they are inverted.
 */
export function checkRange({ gte, gt, lte, lt }: ModelRange): void {
  if (gte !== undefined && gt !== undefined)
    throw new ClorthoError('CLORTHO_INVALID', 'gte and gt exclude each other');
  if (lte !== undefined && lt !== undefined)
    throw new ClorthoError('CLORTHO_INVALID', 'lte and lt exclude each other');
  const lower = gte ?? gt;
  const upper = lte ?? lt;
  if (lower === undefined || upper === undefined || compareBytes(lower, upper) <= 0) return;
  throw new ClorthoError('CLORTHO_INVALID', 'the lower bound is above the upper bound');
}

/** Tells whether `key` is in the range. */
export function isInRange(key: Uint8Array, { gte, gt, lte, lt, prefix }: ModelRange): boolean {
  return (
    (gte === undefined || compareBytes(key, gte) >= 0) &&
    (gt === undefined || compareBytes(key, gt) > 0) &&
    (lte === undefined || compareBytes(key, lte) <= 0) &&
    (lt === undefined || compareBytes(key, lt) < 0) &&
    (prefix === undefined || startsWith(key, prefix))
  );
}
