/**
 * A look over msgpack bytes before a decoder allocates for them.
 *
 * Invariants:
 * - Accepted bytes are one value of plain types (no extensions), at most {@link DEPTH_MAX} levels deep and of at most
 *   {@link VALUES_MAX} values, whose every length is covered by bytes that are there.
 */

const DEPTH_MAX = 8;
/** A decoder makes up to a hundred bytes of a value that takes one. */
const VALUES_MAX = 65_536;

/** Tells whether `bytes` are exactly one well-formed msgpack value of plain types. */
export function isPlainMsgpack(bytes: Uint8Array): boolean {
  return skipValue({ bytes, valuesLeft: VALUES_MAX }, 0, 0) === bytes.length;
}

interface Source {
  readonly bytes: Uint8Array;
  /** How many more values, keys of maps among them, are accepted. */
  valuesLeft: number;
}

/** Returns the offset after the value at `at`, or -1. */
function skipValue(source: Source, at: number, depth: number): number {
  const { bytes } = source;
  const head = bytes[at];
  source.valuesLeft -= 1;
  if (head === undefined || depth > DEPTH_MAX || source.valuesLeft < 0) return -1;
  const next = at + 1;
  if (head <= 0x7f || head >= 0xe0) return next;
  if (head <= 0x8f) return skipValues(source, next, (head & 15) * 2, depth);
  if (head <= 0x9f) return skipValues(source, next, head & 15, depth);
  if (head <= 0xbf) return skipBytes(bytes, next, head & 31);
  switch (head) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return next;
    case 0xc4: // bin 8
    case 0xd9: // str 8
      return skipSized(bytes, next, 1);
    case 0xc5: // bin 16
    case 0xda: // str 16
      return skipSized(bytes, next, 2);
    case 0xc6: // bin 32
    case 0xdb: // str 32
      return skipSized(bytes, next, 4);
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return skipBytes(bytes, next, 1);
    case 0xcd: // uint 16
    case 0xd1: // int 16
      return skipBytes(bytes, next, 2);
    case 0xca: // float 32
    case 0xce: // uint 32
    case 0xd2: // int 32
      return skipBytes(bytes, next, 4);
    case 0xcb: // float 64
    case 0xcf: // uint 64
    case 0xd3: // int 64
      return skipBytes(bytes, next, 8);
    case 0xdc: // array 16
      return skipValues(source, next + 2, bigEndian(bytes, next, 2), depth);
    case 0xdd: // array 32
      return skipValues(source, next + 4, bigEndian(bytes, next, 4), depth);
    case 0xde: // map 16
      return skipValues(source, next + 2, bigEndian(bytes, next, 2) * 2, depth);
    case 0xdf: // map 32
      return skipValues(source, next + 4, bigEndian(bytes, next, 4) * 2, depth);
    default: // extensions, and the one unused byte
      return -1;
  }
}

function skipValues(source: Source, start: number, count: number, depth: number): number {
  let at = start;
  for (let index = 0; index < count && at >= 0; index += 1) at = skipValue(source, at, depth + 1);
  return at;
}

function skipSized(bytes: Uint8Array, at: number, sizeBytes: number): number {
  return skipBytes(bytes, at + sizeBytes, bigEndian(bytes, at, sizeBytes));
}

function skipBytes(bytes: Uint8Array, at: number, length: number): number {
  return at + length <= bytes.length ? at + length : -1;
}

function bigEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let index = 0; index < width; index += 1) value = value * 0x100 + (bytes[at + index] ?? 0xff);
  return value;
}
