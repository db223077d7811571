/**
 * How a register is stored where the backend keeps plain bytes (LMDB values, S3 objects).
 *
 *     offset  0       4        5                5+v            5+v+n     9+v+n
 *             +-------+--------+----------------+--------------+---------+
 *             | CLRG  | format | version        | value        | crc-32  |
 *             +-------+--------+----------------+--------------+---------+
 *               4       1        v = 1 to 8       n bytes        4
 *               ASCII   1        varint                          little-endian
 *
 * The checksum covers the UTF-8 bytes of the register's key followed by everything before the checksum, so an
 * envelope found under another key does not pass for that key's.
 *
 * Invariants:
 * - Equal registers have equal bytes.
 * - Decoding never returns a register that was not encoded for this key.
 */
import {
  ClorthoError,
  type Cursor,
  checksum,
  decodeVarint,
  encodeUtf8,
  encodeVarint,
  varintBytes,
} from '@clortho/base';
import type { Register } from './register-store.ts';

const MAGIC = new Uint8Array([0x43, 0x4c, 0x52, 0x47]); // CLRG
const FORMAT = 1;
const HEADER_BYTES = MAGIC.length + 1;
const CHECKSUM_BYTES = 4;

/** Returns the envelope of a register as new bytes. */
export function encodeEnvelope({ key, version, value }: Register): Uint8Array {
  const valueOffset = HEADER_BYTES + varintBytes(version);
  const bytes = new Uint8Array(valueOffset + value.length + CHECKSUM_BYTES);
  bytes.set(MAGIC);
  bytes[MAGIC.length] = FORMAT;
  encodeVarint({ bytes, offset: HEADER_BYTES }, version);
  bytes.set(value, valueOffset);
  const end = valueOffset + value.length;
  view(bytes).setUint32(end, envelopeChecksum(key, bytes.subarray(0, end)), true);
  return bytes;
}

/**
 * Returns the register in `bytes`; its value is a copy.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the bytes are not an intact envelope of `key`;
 *   `CLORTHO_UNSUPPORTED` for an intact one of another format.
 */
export function decodeEnvelope(key: string, bytes: Uint8Array): Register {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < HEADER_BYTES + 1 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw corrupt('no register is stored here', key, bytes);
  }
  if (view(bytes).getUint32(end, true) !== envelopeChecksum(key, bytes.subarray(0, end))) {
    throw corrupt('register checksum mismatch', key, bytes);
  }
  const format = bytes[MAGIC.length] as number;
  if (format !== FORMAT) {
    throw new ClorthoError(
      'CLORTHO_UNSUPPORTED',
      `unknown register format: register=${key} format=${format}`,
    );
  }
  const cursor: Cursor = { bytes, offset: HEADER_BYTES };
  const version = decodeVarint(cursor);
  if (version === 0 || cursor.offset > end) throw corrupt('register version is impossible', key, bytes);
  return { key, version, value: new Uint8Array(bytes.subarray(cursor.offset, end)) };
}

function envelopeChecksum(key: string, bytes: Uint8Array): number {
  return checksum(bytes, checksum(encodeUtf8(key)));
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function corrupt(problem: string, key: string, bytes: Uint8Array): ClorthoError {
  return new ClorthoError('CLORTHO_CORRUPT', `${problem}: register=${key} bytes=${bytes.length}`);
}
