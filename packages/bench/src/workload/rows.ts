/**
 * The rows that everything is measured with: 16-byte keys, and values of which one half is noise.
 *
 *     user00000004711  | 50 bytes of noise, 50 zeros
 */
import { type Random, writeBytes } from '@clortho/base';

/** The length of a key. */
export const KEY_BYTES = 16;
/** The length of a value. */
export const VALUE_BYTES = 100;

const STEM = new TextEncoder().encode('user');
const NOISE_BYTES = VALUE_BYTES / 2;
const DIGIT_ZERO = 48;

/** Writes the key of a number to `bytes[start, start + KEY_BYTES)`. */
export function writeKey(bytes: Uint8Array, start: number, number: number): void {
  writeBytes(bytes, start, STEM, 0, STEM.length);
  let rest = number;
  for (let at = start + KEY_BYTES - 1; at >= start + STEM.length; at -= 1) {
    bytes[at] = DIGIT_ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** Returns the key of a number. */
export function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  writeKey(key, 0, number);
  return key;
}

/** Writes a value to `bytes[start, start + VALUE_BYTES)`, whose second half is left as it is: zeros. */
export function writeValue(bytes: Uint8Array, start: number, random: Random): void {
  for (let at = start; at < start + NOISE_BYTES; at += 1) {
    const noise = random.uint32();
    bytes[at] = noise;
    if (at + 1 < start + NOISE_BYTES) bytes[++at] = noise >>> 8;
    if (at + 1 < start + NOISE_BYTES) bytes[++at] = noise >>> 16;
    if (at + 1 < start + NOISE_BYTES) bytes[++at] = noise >>> 24;
  }
}

/** Returns a value. */
export function valueOf(random: Random): Uint8Array {
  const value = new Uint8Array(VALUE_BYTES);
  writeValue(value, 0, random);
  return value;
}
