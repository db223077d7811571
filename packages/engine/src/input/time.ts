/** Checked conversion of moments to timestamps. */
import { ClorthoError } from '@clortho/base';
import { NEVER } from '@clortho/sst';
import type { Timestamp } from '../api.ts';

/**
 * Returns the timestamp of a moment in microseconds. A `Date` stands for its whole millisecond: its last
 * microsecond.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is no safe integer of zero or more, nor a valid `Date`.
 */
export function timestampOf(moment: Timestamp, what: string): number {
  const timestamp = moment instanceof Date ? moment.getTime() * 1000 + 999 : moment;
  if (Number.isSafeInteger(timestamp) && timestamp >= 0) return timestamp;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `${what} is not a timestamp in microseconds: found=${String(moment)}`,
  );
}

/**
 * Returns the timestamp of a moment at which something is committed: as {@link timestampOf}, and below the one that
 * stands for no end.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID`.
 */
export function commitTimestampOf(moment: Timestamp): number {
  const timestamp = timestampOf(moment, 'timestamp');
  if (timestamp < NEVER) return timestamp;
  throw new ClorthoError(
    'CLORTHO_INVALID',
    `the timestamp is too large: timestamp=${timestamp} max=${NEVER - 1}`,
  );
}

/**
 * Returns the first timestamp of a moment: as {@link timestampOf}, but a `Date` begins at its first microsecond.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID`.
 */
export function startTimestampOf(moment: Timestamp, what: string): number {
  return moment instanceof Date ? timestampOf(moment.getTime() * 1000, what) : timestampOf(moment, what);
}
