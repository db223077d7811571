/** Arbitrary sorted rows over few short keys, so that versions, prefixes and ties are common. */
import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import {
  DELETE,
  MERGE,
  NEVER,
  PUT,
  type RangeDelete,
  type Row,
  type RowKind,
  type RowPosition,
} from '../../src/row.ts';

export const keyArbitrary: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(fc.constantFrom(0, 97, 98, 255), { maxLength: 4 })
      .map((bytes) => Uint8Array.from(bytes)),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 0, max: 60 })
      .map((n) => new TextEncoder().encode(`user:${String(n).padStart(4, '0')}`)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 300 }) },
);

export const timestampArbitrary: fc.Arbitrary<number> = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1.7e15, max: 1.7e15 + 2e9 }) },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
);

const valueArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 400 }).map((length) => new Uint8Array(length).fill(7)) },
);

const rowArbitrary: fc.Arbitrary<Row> = fc
  .record({
    key: keyArbitrary,
    timestamp: timestampArbitrary,
    endTimestamp: fc.oneof(fc.constant(NEVER), timestampArbitrary),
    kind: fc.constantFrom<RowKind>(PUT, PUT, DELETE, MERGE),
    value: valueArbitrary,
  })
  .map((row) => ({ ...row, value: row.kind === DELETE ? new Uint8Array(0) : row.value }));

export function compareRows(left: Row, right: Row): number {
  return compareBytes(left.key, right.key) || right.timestamp - left.timestamp;
}

/** Sorted rows without equal (key, timestamp). */
export function rowsArbitrary(maxLength = 120): fc.Arbitrary<Row[]> {
  return fc
    .uniqueArray(rowArbitrary, {
      maxLength,
      size: 'max',
      selector: (row) => `${Buffer.from(row.key).toString('hex')}@${row.timestamp}`,
    })
    .map((rows) => rows.sort(compareRows));
}

export const rangeDeletesArbitrary: fc.Arbitrary<RangeDelete[]> = fc
  .array(fc.record({ start: keyArbitrary, end: keyArbitrary, timestamp: timestampArbitrary }), {
    maxLength: 20,
  })
  .map((ranges) => ranges.filter(({ start, end }) => compareBytes(start, end) < 0));

export function rowAt(position: RowPosition): Row {
  return {
    key: position.keyBytes.slice(position.keyStart, position.keyEnd),
    timestamp: position.timestamp,
    endTimestamp: position.endTimestamp,
    kind: position.kind,
    value: position.valueBytes.slice(position.valueStart, position.valueEnd),
  };
}

/** A row as text: comparing thousands of texts is quick, comparing byte arrays with `toEqual` is not. */
export function textOf(row: Row | undefined): string {
  if (row === undefined) return 'none';
  const { key, timestamp, endTimestamp, kind, value } = row;
  return [hex(key), timestamp, endTimestamp, kind, hex(value)].join(' ');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
