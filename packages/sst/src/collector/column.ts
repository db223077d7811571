/**
 * Columns: where in a row a collector finds its number or bytes.
 *
 * Invariants:
 * - Rows that are deletes, and rows whose value is too short, have no column value.
 */
import { ClorthoError } from '@clortho/base';
import { DELETE, type RowPosition } from '../row.ts';

/** The type of a number at a fixed place of the value, little endian. */
export type NumberType = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float64';

/** A number in a row: at a fixed offset of the value, or computed. The function may return `undefined`: no value. */
export type Column =
  | { readonly type: NumberType; readonly offset: number }
  | ((row: RowPosition) => number | undefined);

/** Bytes in a row: a fixed part of the value, or computed; strings count as their UTF-8. */
export type BytesColumn =
  | { readonly type: 'bytes'; readonly offset: number; readonly length: number }
  | ((row: RowPosition) => Uint8Array | string | undefined);

const WIDTHS: Readonly<Record<NumberType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float64: 8,
};

/** Returns a function that reads the column. Throws `CLORTHO_INVALID` if it is not one. */
export function numberReader(column: Column): (row: RowPosition) => number | undefined {
  if (typeof column === 'function') return (row) => (row.kind === DELETE ? undefined : column(row));
  const { type, offset } = column;
  const width = WIDTHS[type] as number | undefined;
  if (width === undefined) throw new ClorthoError('CLORTHO_INVALID', `unknown column type: type=${type}`);
  checkPlace(offset, width);
  return (row) => {
    const at = row.valueStart + offset;
    return row.kind === DELETE || at + width > row.valueEnd
      ? undefined
      : readNumber(row.valueBytes, at, type);
  };
}

/** Returns a function that reads the column as text of one character per byte. Throws `CLORTHO_INVALID`. */
export function bytesReader(column: BytesColumn): (row: RowPosition) => string | undefined {
  if (typeof column === 'function') {
    return (row) => {
      const value = row.kind === DELETE ? undefined : column(row);
      return value === undefined ? undefined : elementText(value);
    };
  }
  const { offset, length } = column;
  checkPlace(offset, length);
  return (row) => {
    const at = row.valueStart + offset;
    if (row.kind === DELETE || at + length > row.valueEnd) return undefined;
    return elementText(row.valueBytes.subarray(at, at + length));
  };
}

/** Returns bytes, or the UTF-8 of a string, as text of one character per byte: a key for sets and maps. */
export function elementText(value: Uint8Array | string): string {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('latin1');
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
}

function checkPlace(offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 1) {
    throw new ClorthoError('CLORTHO_INVALID', `column out of bounds: offset=${offset} length=${length}`);
  }
}

function readNumber(bytes: Uint8Array, at: number, type: NumberType): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  switch (type) {
    case 'int8':
      return view.getInt8(0);
    case 'uint8':
      return view.getUint8(0);
    case 'int16':
      return view.getInt16(0, true);
    case 'uint16':
      return view.getUint16(0, true);
    case 'int32':
      return view.getInt32(0, true);
    case 'uint32':
      return view.getUint32(0, true);
    case 'float64':
      return view.getFloat64(0, true);
  }
}
