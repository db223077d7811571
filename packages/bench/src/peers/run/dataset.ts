/**
 * The rows of the comparison, the same for every peer: the key of a number, and a value whose first bytes are the number.
 *
 *     user00000004711 | number (4) | 46 bytes of noise, 50 zeros
 *
 * Invariants:
 * - A value of whatever generation tells which row it belongs to, so that every answer can be checked for a few nanoseconds.
 */
import { type Random, randomBelow, seededRandom } from '@clortho/base';
import { KEY_BYTES, VALUE_BYTES, writeKey, writeValue } from '../../workload/rows.ts';
import type { Key, Row, Value } from '../driver.ts';

const ROW_BYTES = KEY_BYTES + VALUE_BYTES;

/** Bytes of the user in a row. */
export const USER_BYTES: number = ROW_BYTES;

/** Returns the key of a number as a peer likes it. */
export function keyOfNumber(number: number, keys: 'bytes' | 'text'): Key {
  return keys === 'bytes' ? bytesOfNumber(number) : bytesOfNumber(number).toString('latin1');
}

/** Returns a key right after that of a number and its nine neighbours, which no row has. */
export function absentKey(number: number, keys: 'bytes' | 'text'): Key {
  const bytes = bytesOfNumber(number);
  bytes.write('x', KEY_BYTES - 1);
  return keys === 'bytes' ? bytes : bytes.toString('latin1');
}

/** Returns a value of a number. */
export function valueOfNumber(number: number, random: Random): Buffer {
  const value = Buffer.alloc(VALUE_BYTES);
  writeValue(value, 0, random);
  value.writeUInt32LE(number, 0);
  return value;
}

/** Throws unless `value` belongs to `number`. */
export function checkValue(value: Value, number: number): void {
  const isRight =
    value?.length === VALUE_BYTES &&
    value[0] === (number & 0xff) &&
    value[1] === ((number >>> 8) & 0xff) &&
    value[2] === ((number >>> 16) & 0xff) &&
    value[3] === number >>> 24;
  if (!isRight) throw new Error(`a wrong value for row ${number}: ${value?.length ?? 'none'} bytes`);
}

/** Throws unless a row of a scan has the right lengths. */
export function checkRow(keyLength: number, valueLength: number): void {
  if (keyLength !== KEY_BYTES || valueLength !== VALUE_BYTES) throw new Error('a scan gave a wrong row');
}

/** All rows in the order in which they are written, as one piece of memory: a batch is made of views of it. */
export interface Rowsheet {
  readonly entries: number;
  /** Returns the rows at the places `[from, to)` of the order. */
  rows(from: number, to: number): Row[];
  /** Returns the number of the row at a place. */
  numberAt(place: number): number;
  /** Draws another order and other values. */
  redraw(): void;
}

/** Draws all rows in random order. */
export function rowsheet(entries: number, keys: 'bytes' | 'text', seed: number): Rowsheet {
  const random = seededRandom(seed);
  const order = Uint32Array.from({ length: entries }, (_, number) => number);
  const sheet = Buffer.alloc(entries * ROW_BYTES);
  const redraw = (): void => {
    shuffle(order, random);
    for (let place = 0; place < entries; place += 1) {
      const number = order[place] as number;
      writeKey(sheet, place * ROW_BYTES, number);
      writeValue(sheet, place * ROW_BYTES + KEY_BYTES, random);
      sheet.writeUInt32LE(number, place * ROW_BYTES + KEY_BYTES);
    }
  };
  redraw();
  return {
    entries,
    redraw,
    numberAt: (place) => order[place] as number,
    rows: (from, to) =>
      Array.from({ length: Math.min(to, entries) - from }, (_, at) => {
        const start = (from + at) * ROW_BYTES;
        const middle = start + KEY_BYTES;
        return {
          key: keys === 'bytes' ? sheet.subarray(start, middle) : sheet.toString('latin1', start, middle),
          value: sheet.subarray(middle, start + ROW_BYTES),
        };
      }),
  };
}

function bytesOfNumber(number: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(KEY_BYTES);
  writeKey(bytes, 0, number);
  return bytes;
}

function shuffle(order: Uint32Array, random: Random): void {
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = randomBelow(random, last + 1);
    const number = order[last] as number;
    order[last] = order[other] as number;
    order[other] = number;
  }
}
