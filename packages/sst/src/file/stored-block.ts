/**
 * Stored blocks: the envelope around every data block and every section of the tail.
 *
 *     +---------------------------+-------+-----------------+
 *     | payload                   | codec | check           |
 *     | as the codec left it      | u8    | u32             |
 *     +---------------------------+-------+-----------------+
 *     check = crc32(payload, codec) xor salt xor (low 32 bits of offset + high 32 bits of offset)
 *
 * The salt of the file and the offset of the block are mixed in, so that a valid block from another place or
 * another file (a wrong range read, a mixed-up cache) does not pass (RocksDB's context checksums).
 *
 * Invariants:
 * - A payload is compressed only if that saves an eighth: reading raw bytes is cheaper than inflating them.
 * - Nothing is decompressed before the checksum matched.
 */
import { ClorthoError, checksum } from '@clortho/base';
import type { Codec } from '../codec/codec.ts';
import { none } from '../codec/none.ts';
import { codecById } from '../codec/registry.ts';
import { readUint32, writeUint32 } from '../column/integers.ts';
import { corruptFile, type Section } from '../section.ts';

/** The bytes that the envelope adds to a payload. */
export const ENVELOPE_BYTES = 5;

/** What goes into a stored block. */
export interface Payload {
  readonly bytes: Uint8Array;
  /** Which codec made it. */
  readonly codec: Codec;
}

/** Returns `raw` as a codec leaves it; `raw` itself where that saves too little. */
export function payloadOf(raw: Uint8Array, codec: Codec): Payload {
  if (codec.id !== none.id && raw.length > 0) {
    const bytes = codec.compress(raw);
    if (bytes.length <= raw.length - (raw.length >>> 3) && bytes.length < raw.length) return { bytes, codec };
  }
  return { bytes: raw, codec: none };
}

/** Completes a stored block that begins with its payload and lies at `offset` of the file. */
export function sealStoredBlock(stored: Uint8Array, codec: Codec, salt: number, offset: number): void {
  const length = stored.length - ENVELOPE_BYTES;
  stored[length] = codec.id;
  writeUint32(stored, length + 1, checkOf(stored, salt, offset));
}

/** Returns the id of the codec that a stored block names. */
export function codecIdOf(stored: Uint8Array): number {
  return stored[stored.length - ENVELOPE_BYTES] as number;
}

/** The file that a stored block is read from. */
export interface BlockOrigin {
  readonly salt: number;
  /** How error messages call the file. */
  readonly name: string;
  /** The most bytes that a block may have before its codec. */
  readonly maxBlockBytes: number;
}

/**
 * Checks that a stored block is the one at `offset` of its file.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function checkStoredBlock(stored: Uint8Array, offset: number, origin: BlockOrigin): void {
  const length = stored.length - ENVELOPE_BYTES;
  if (length < 0) throw corruptFile(origin.name, offset, 'block shorter than its envelope');
  if (readUint32(stored, length + 1) !== checkOf(stored, origin.salt, offset)) {
    throw corruptFile(origin.name, offset, 'block checksum mismatch');
  }
}

/**
 * Returns the section of `rawBytes` bytes that a stored block holds; its bytes are a view of `stored` if they are not
 * compressed.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the block is damaged or not the one at `offset` of this file;
 *   `CLORTHO_UNSUPPORTED` if its codec is not available.
 */
export function decodeStoredBlock(
  stored: Uint8Array,
  rawBytes: number,
  offset: number,
  origin: BlockOrigin,
): Section {
  checkStoredBlock(stored, offset, origin);
  const { name, maxBlockBytes } = origin;
  const length = stored.length - ENVELOPE_BYTES;
  const id = codecIdOf(stored);
  const codec = codecById(id);
  if (codec === undefined) {
    throw new ClorthoError('CLORTHO_UNSUPPORTED', `unknown codec: id=${id} file=${name} offset=${offset}`);
  }
  // The raw size comes from elsewhere in the file: what the payload cannot become is not allocated.
  if (rawBytes > maxBlockBytes || rawBytes > length * codec.expansionMax) {
    throw corruptFile(name, offset, `block claims an impossible size of ${rawBytes} bytes`);
  }
  let bytes: Uint8Array;
  try {
    bytes = codec.decompress(stored.subarray(0, length), rawBytes);
  } catch (cause) {
    throw corruptFile(name, offset, `block does not decompress with ${codec.name}`, cause);
  }
  return { bytes, offset: 0, name, fileOffset: offset, bytesMax: maxBlockBytes };
}

function checkOf(stored: Uint8Array, salt: number, offset: number): number {
  const low = offset >>> 0;
  const high = Math.floor(offset / 0x1_0000_0000);
  const covered = stored.subarray(0, stored.length - ENVELOPE_BYTES + 1);
  return (checksum(covered) ^ salt ^ (low + high)) >>> 0;
}
