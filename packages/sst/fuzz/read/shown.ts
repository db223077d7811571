/** Rows as a cursor shows them: checked against their bounds, compared in place. */
import { compareSlices } from '@clortho/base';
import type { Row, RowPosition } from '../../src/index.ts';
import { NEVER } from '../../src/index.ts';
import { expectThat } from '../finding.ts';

/** Returns what a cursor shows, which must be a row within bounds. */
export function shownBy(cursor: RowPosition): RowPosition {
  const { keyBytes, keyStart, keyEnd, timestamp, endTimestamp, kind, valueBytes, valueStart, valueEnd } =
    cursor;
  expectThat(isRange(keyBytes, keyStart, keyEnd), 'a key is out of bounds');
  expectThat(isRange(valueBytes, valueStart, valueEnd), 'a value is out of bounds');
  expectThat(Number.isSafeInteger(timestamp), `a timestamp is no safe integer: ${timestamp}`);
  expectThat(Number.isSafeInteger(endTimestamp), `an end is no safe integer: ${endTimestamp}`);
  expectThat(kind === 0 || kind === 1 || kind === 2, `a kind is none: ${String(kind)}`);
  return { keyBytes, keyStart, keyEnd, timestamp, endTimestamp, kind, valueBytes, valueStart, valueEnd };
}

/** Returns the rows as positions. */
export function positionsOf(rows: readonly Row[]): RowPosition[] {
  return rows.map(({ key, timestamp, endTimestamp = NEVER, kind, value }) => ({
    keyBytes: key,
    keyStart: 0,
    keyEnd: key.length,
    timestamp,
    endTimestamp,
    kind,
    valueBytes: value,
    valueStart: 0,
    valueEnd: value.length,
  }));
}

/** Orders rows as files do: key ascending, timestamp descending. */
export function compareShown(left: RowPosition, right: RowPosition): number {
  return compareKeys(left, right.keyBytes, right.keyStart, right.keyEnd) || right.timestamp - left.timestamp;
}

/** Orders the key of a row and a key. */
export function compareKeys(row: RowPosition, key: Uint8Array, start = 0, end: number = key.length): number {
  return compareSlices(row.keyBytes, row.keyStart, row.keyEnd, key, start, end);
}

/** Tells whether two rows are equal in everything. */
export function isSameRow(left: RowPosition, right: RowPosition): boolean {
  const { valueBytes, valueStart, valueEnd } = right;
  return (
    left.timestamp === right.timestamp &&
    left.endTimestamp === right.endTimestamp &&
    left.kind === right.kind &&
    compareKeys(left, right.keyBytes, right.keyStart, right.keyEnd) === 0 &&
    compareSlices(left.valueBytes, left.valueStart, left.valueEnd, valueBytes, valueStart, valueEnd) === 0
  );
}

function isRange(bytes: unknown, start: number, end: number): boolean {
  return (
    bytes instanceof Uint8Array &&
    Number.isInteger(start) &&
    start >= 0 &&
    start <= end &&
    end <= bytes.length
  );
}
