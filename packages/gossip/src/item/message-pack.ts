/**
 * A look over MessagePack before anything is decoded: one value, to the end, shallow, with lengths that fit.
 *
 * A decoder trusts lengths: an array of 4 billion elements in five bytes, or a thousand nested arrays, would cost memory or
 * the stack before it fails. This walk costs one pass over the bytes and no memory.
 *
 * Invariants:
 * - Does not throw, allocates nothing, takes time in proportion to the bytes.
 * - Extensions are refused: they would make objects of other kinds.
 */

/** How deeply arrays and maps may be nested. */
export const DEPTH_MAX = 32;

/** Tells whether `bytes` hold exactly one MessagePack value that is safe to decode. */
export function isMessagePack(bytes: Uint8Array): boolean {
  return skipValue(bytes, 0, 0) === bytes.length;
}

/** Returns where the value at `offset` ends; -1 if there is none. */
export function skipValue(bytes: Uint8Array, offset: number, depth: number): number {
  const first = bytes[offset];
  if (first === undefined || depth > DEPTH_MAX) return -1;
  const at = offset + 1;
  if (first < 0x80 || first >= 0xe0) return at;
  if (first < 0x90) return skipMany(bytes, at, 2 * (first & 15), depth, true);
  if (first < 0xa0) return skipMany(bytes, at, first & 15, depth, false);
  if (first < 0xc0) return within(bytes, at + (first & 31));
  switch (first) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return at;
    case 0xc4:
    case 0xd9:
      return skipBytes(bytes, at, 1);
    case 0xc5:
    case 0xda:
      return skipBytes(bytes, at, 2);
    case 0xc6:
    case 0xdb:
      return skipBytes(bytes, at, 4);
    case 0xcc:
    case 0xd0:
      return within(bytes, at + 1);
    case 0xcd:
    case 0xd1:
      return within(bytes, at + 2);
    case 0xca:
    case 0xce:
    case 0xd2:
      return within(bytes, at + 4);
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return within(bytes, at + 8);
    case 0xdc:
    case 0xdd:
      return skipCounted(bytes, at, first === 0xdc ? 2 : 4, 1, depth);
    case 0xde:
    case 0xdf:
      return skipCounted(bytes, at, first === 0xde ? 2 : 4, 2, depth);
    default:
      return -1;
  }
}

function within(bytes: Uint8Array, end: number): number {
  return end <= bytes.length ? end : -1;
}

function lengthAt(bytes: Uint8Array, offset: number, size: number): number {
  if (offset + size > bytes.length) return -1;
  let length = 0;
  for (let at = offset; at < offset + size; at += 1) length = length * 256 + (bytes[at] as number);
  return length;
}

function skipBytes(bytes: Uint8Array, offset: number, size: number): number {
  const length = lengthAt(bytes, offset, size);
  return length < 0 ? -1 : within(bytes, offset + size + length);
}

function skipCounted(bytes: Uint8Array, offset: number, size: number, each: number, depth: number): number {
  const count = lengthAt(bytes, offset, size);
  return count < 0 ? -1 : skipMany(bytes, offset + size, count * each, depth, each === 2);
}

function skipMany(bytes: Uint8Array, offset: number, count: number, depth: number, isMap: boolean): number {
  // Every value takes a byte at least: a greater count is a lie, and need not be walked to be seen.
  if (count > bytes.length - offset) return -1;
  let at = offset;
  for (let index = 0; index < count && at >= 0; index += 1) {
    if (isMap && index % 2 === 0 && !isText(bytes[at])) return -1;
    at = skipValue(bytes, at, depth + 1);
  }
  return at;
}

/** Keys of maps are strings: others have no place in an object. */
function isText(first: number | undefined): boolean {
  return first !== undefined && ((first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb));
}
