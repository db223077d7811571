/**
 * Varints: small non-negative integers in few bytes.
 *
 * Every length, count and offset in a clortho file is a varint. A value is cut into groups of
 * 7 bits, lowest group first; the top bit of each byte says whether another byte follows.
 *
 *     300 = 0b10_0101100        byte 0       byte 1
 *                             +-----------+-----------+
 *                             | 1 0101100 | 0 0000010 |
 *                             +-----------+-----------+
 *                               more        last
 *
 * Invariants:
 * - A value has exactly one encoding: equal values have equal bytes.
 * - A value is in [0, 2^53 - 1], the integers a number holds exactly: 1 to 8 bytes.
 * - A decode that fails leaves the cursor where it was.
 */
import type { Cursor } from './cursor.ts';
import { ClorthoError } from './errors.ts';
import { invariant } from './invariant.ts';

/** The most bytes one varint takes: ceil(53 bits / 7 bits). */
export const VARINT_BYTES_MAX = 8;

const GROUP_SIZE = 0x80; // 2^7. Arithmetic, not shifts: JS shifts keep only 32 bits.

/** Returns how many bytes `value` takes, from 1 to {@link VARINT_BYTES_MAX}. */
export function varintBytes(value: number): number {
  invariant(Number.isSafeInteger(value), 'a varint is an exact integer', value);
  invariant(value >= 0, 'a varint is not negative', value);
  let bytes = 1;
  for (let rest = value; rest >= GROUP_SIZE; rest = Math.floor(rest / GROUP_SIZE)) bytes += 1;
  return bytes;
}

/** Encodes `value` at the cursor and advances it. The caller has reserved {@link varintBytes}. */
export function encodeVarint(target: Cursor, value: number): void {
  const end = target.offset + varintBytes(value);
  invariant(end <= target.bytes.length, 'the caller reserved room', end);
  let rest = value;
  for (; rest >= GROUP_SIZE; rest = Math.floor(rest / GROUP_SIZE)) {
    target.bytes[target.offset++] = (rest % GROUP_SIZE) + GROUP_SIZE;
  }
  target.bytes[target.offset++] = rest;
  invariant(target.offset === end, 'varintBytes agrees with the encoder', target.offset);
}

/**
 * Decodes the varint at the cursor and advances past it.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the bytes end early, exceed 2^53 - 1, or are not
 *   the shortest form.
 */
export function decodeVarint(source: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
    const byte = source.bytes[source.offset + index];
    if (byte === undefined) throw corrupt(source, 'ends early');
    value += (byte % GROUP_SIZE) * scale;
    scale *= GROUP_SIZE;
    if (byte >= GROUP_SIZE) continue;
    if (byte === 0 && index > 0) throw corrupt(source, 'is not in its shortest form');
    if (!Number.isSafeInteger(value)) break;
    source.offset += index + 1;
    return value;
  }
  throw corrupt(source, 'exceeds 2^53 - 1');
}

function corrupt(source: Cursor, problem: string): ClorthoError {
  return new ClorthoError('CLORTHO_CORRUPT', `varint ${problem}: offset=${source.offset}`);
}
