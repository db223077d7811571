/** CRC-32 (IEEE 802.3, the polynomial of zlib and PNG) over byte strings. */
import { crc32 } from 'node:zlib';

/**
 * Returns the CRC-32 of `bytes`, continuing from `seed`, as an unsigned 32-bit number.
 *
 * `checksum(b, checksum(a))` equals the checksum of `a` followed by `b`.
 */
export function checksum(bytes: Uint8Array, seed = 0): number {
  return crc32(bytes, seed);
}
