/**
 * The rows of the bench: 16-byte keys, and values of 100 bytes of which one half is noise.
 *
 *     user000000004711  | 50 bytes of noise, 50 zeros
 */
import { encodeUtf8, type Random } from '@clortho/base';

/** What every key begins with. */
export const KEY_PREFIX = 'user';
/** The length of a key. */
export const KEY_BYTES = 16;
/** The length of a value. */
export const VALUE_BYTES = 100;
const NOISE_BYTES = VALUE_BYTES / 2;

/** Returns the key of a number. */
export function keyOf(number: number): Uint8Array {
  return encodeUtf8(KEY_PREFIX + String(number).padStart(KEY_BYTES - KEY_PREFIX.length, '0'));
}

/** Returns a value. */
export function valueOf(random: Random): Uint8Array {
  const value = new Uint8Array(VALUE_BYTES);
  for (let at = 0; at < NOISE_BYTES; at += 1) value[at] = random.uint32();
  return value;
}
