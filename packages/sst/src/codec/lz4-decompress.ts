/**
 * An LZ4 block decompressor that trusts nothing: every length is checked before it is used.
 *
 * Invariants:
 * - Writes exactly `rawBytes` bytes or throws; reads nothing beyond the input.
 */

const MATCH_BYTES_MIN = 4;

/** Returns the bytes of the LZ4 block `stored`, which are `rawBytes` many. Throws if it is not such a block. */
export function lz4Decompress(stored: Uint8Array, rawBytes: number): Uint8Array {
  const raw = new Uint8Array(rawBytes);
  const end = stored.length;
  let from = 0;
  let to = 0;
  while (from < end) {
    const token = stored[from++] as number;
    let length = token >>> 4;
    if (length === 15) {
      let more = 255;
      while (more === 255) {
        if (from >= end) throw new Error('lz4 literal length ends early');
        more = stored[from++] as number;
        length += more;
      }
    }
    if (length > end - from || length > rawBytes - to) throw new Error('lz4 literals out of bounds');
    if (length > 32) raw.set(stored.subarray(from, from + length), to);
    else for (let index = 0; index < length; index += 1) raw[to + index] = stored[from + index] as number;
    from += length;
    to += length;
    if (from === end) break;
    if (end - from < 2) throw new Error('lz4 offset ends early');
    const distance = (stored[from] as number) | ((stored[from + 1] as number) << 8);
    from += 2;
    if (distance === 0 || distance > to) throw new Error('lz4 offset out of bounds');
    length = token & 15;
    if (length === 15) {
      let more = 255;
      while (more === 255) {
        if (from >= end) throw new Error('lz4 match length ends early');
        more = stored[from++] as number;
        length += more;
      }
    }
    length += MATCH_BYTES_MIN;
    if (length > rawBytes - to) throw new Error('lz4 match out of bounds');
    // A match may overlap its own output: then it repeats, and only a loop forward is right.
    if (distance >= length && length > 32) raw.copyWithin(to, to - distance, to - distance + length);
    else
      for (let index = 0; index < length; index += 1) raw[to + index] = raw[to - distance + index] as number;
    to += length;
  }
  if (to !== rawBytes) throw new Error('lz4 block has another size');
  return raw;
}
