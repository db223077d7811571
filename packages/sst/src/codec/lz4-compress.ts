/**
 * An LZ4 block compressor: greedy, one hash table of positions, no dictionary.
 *
 *     sequence   token  [literal length 255…]  literals  offset u16 LE  [match length 255…]
 *     token      literal length (high 4 bits) | match length - 4 (low 4 bits), 15 = more bytes follow
 *
 * The block format is Yann Collet's (lz4 block format description): the last five bytes are literals, and no match
 * starts within the last twelve.
 *
 * Invariants:
 * - The result depends on the input alone.
 */

const HASH_BITS = 13;
const MATCH_BYTES_MIN = 4;
const LITERALS_LAST = 5;
const MATCH_START_LIMIT = 12;
const OFFSET_MAX = 65_535;
/** After 2^6 misses in a row the step grows: bytes that do not compress are passed quickly. */
const SKIP_BITS = 6;

const table = new Int32Array(1 << HASH_BITS);

/** Returns the LZ4 block of `raw` as a copy. */
export function lz4Compress(raw: Uint8Array): Uint8Array {
  const target = new Uint8Array(raw.length + Math.floor(raw.length / 255) + 16);
  const limit = raw.length - MATCH_START_LIMIT;
  const matchEnd = raw.length - LITERALS_LAST;
  table.fill(-1);
  let at = 0;
  let anchor = 0;
  let position = 0;
  let misses = 1 << SKIP_BITS;
  while (position < limit) {
    const word = read32(raw, position);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    let candidate = table[slot] as number;
    table[slot] = position;
    if (candidate < 0 || position - candidate > OFFSET_MAX || read32(raw, candidate) !== word) {
      position += misses++ >>> SKIP_BITS;
      continue;
    }
    misses = 1 << SKIP_BITS;
    while (position > anchor && candidate > 0 && raw[position - 1] === raw[candidate - 1]) {
      position -= 1;
      candidate -= 1;
    }
    let end = position + MATCH_BYTES_MIN;
    let other = candidate + MATCH_BYTES_MIN;
    while (end < matchEnd && raw[end] === raw[other]) {
      end += 1;
      other += 1;
    }
    at = writeSequence(
      target,
      at,
      raw,
      anchor,
      position,
      position - candidate,
      end - position - MATCH_BYTES_MIN,
    );
    // One position inside the match is remembered as well: cheap, and repeats of it are found.
    if (end < limit) table[Math.imul(read32(raw, end - 2), 0x9e3779b1) >>> (32 - HASH_BITS)] = end - 2;
    position = end;
    anchor = end;
  }
  at = writeLiterals(target, at, raw, anchor, raw.length, 0);
  return target.subarray(0, at);
}

function writeSequence(
  target: Uint8Array,
  start: number,
  raw: Uint8Array,
  anchor: number,
  position: number,
  distance: number,
  extra: number,
): number {
  let at = writeLiterals(target, start, raw, anchor, position, extra < 15 ? extra : 15);
  target[at++] = distance;
  target[at++] = distance >>> 8;
  return extra < 15 ? at : writeLength(target, at, extra - 15);
}

function writeLiterals(
  target: Uint8Array,
  start: number,
  raw: Uint8Array,
  from: number,
  to: number,
  matchNibble: number,
): number {
  const length = to - from;
  let at = start;
  target[at++] = ((length < 15 ? length : 15) << 4) | matchNibble;
  if (length >= 15) at = writeLength(target, at, length - 15);
  if (length > 32) target.set(raw.subarray(from, to), at);
  else for (let index = 0; index < length; index += 1) target[at + index] = raw[from + index] as number;
  return at + length;
}

function writeLength(target: Uint8Array, start: number, length: number): number {
  let at = start;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[at++] = 255;
  target[at++] = rest;
  return at;
}

function read32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
