/** The rows of a file: every version as it is stored, or what is visible at a time. */
import { ClorthoError, compareBytes, copyBytes, prefixSuccessor } from '@clortho/base';
import { BLOCKED, ROW, type Row, type Sst, type SstCursor, type Step } from '@clortho/sst';

/** Which rows. */
export interface RowSelection {
  readonly prefix: Uint8Array | undefined;
  /** The first key. */
  readonly from: Uint8Array | undefined;
  /** The key before which to end. */
  readonly to: Uint8Array | undefined;
  /** One row per key: the version that is visible then, if the file were all there is. Every version by default. */
  readonly asOf: number | undefined;
  readonly reverse: boolean;
  readonly limit: number | undefined;
}

const READ_AHEAD_BYTES = 256 * 1024;

/**
 * Yields the rows as copies.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` for a range that ends before it begins; `CLORTHO_CORRUPT` at the first block that
 *   is damaged.
 */
export function rowsOf(sst: Sst, selection: RowSelection): AsyncGenerator<Row, void, undefined> {
  const { prefix, from, to, asOf, reverse, limit } = selection;
  return asOf === undefined
    ? versions(sst, selection)
    : sst.scan({ prefix, gte: from, lt: to, asOf, reverse, limit });
}

async function* versions(sst: Sst, selection: RowSelection): AsyncGenerator<Row, void, undefined> {
  const { reverse, limit = Number.POSITIVE_INFINITY } = selection;
  const cursor = sst.cursor({ ...boundsOf(selection), readAheadBytes: READ_AHEAD_BYTES });
  let left = limit;
  let step = left === 0 ? undefined : await arrived(cursor, reverse ? cursor.seekLast() : cursor.seekFirst());
  while (step === ROW) {
    yield rowAt(cursor);
    left -= 1;
    if (left === 0) return;
    step = await arrived(cursor, reverse ? cursor.previous() : cursor.next());
  }
}

async function arrived(cursor: SstCursor, first: Step): Promise<Step> {
  let step = first;
  while (step === BLOCKED) step = await cursor.load();
  return step;
}

function boundsOf({ prefix, from, to }: RowSelection): {
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
} {
  if (from !== undefined && to !== undefined && compareBytes(from, to) > 0) {
    throw new ClorthoError('CLORTHO_INVALID', 'a range ends before it begins');
  }
  if (prefix === undefined) return { lower: from, upper: to };
  const end = prefixSuccessor(prefix);
  const lower = from === undefined || compareBytes(prefix, from) > 0 ? prefix : from;
  const upper = to === undefined || (end !== undefined && compareBytes(end, to) < 0) ? end : to;
  return { lower, upper };
}

function rowAt(cursor: SstCursor): Row {
  const { keyBytes, keyStart, keyEnd, timestamp, endTimestamp, kind, valueBytes, valueStart, valueEnd } =
    cursor;
  return {
    key: copyBytes(keyBytes, keyStart, keyEnd),
    timestamp,
    endTimestamp,
    kind,
    value: copyBytes(valueBytes, valueStart, valueEnd),
  };
}
