/**
 * The envelope of what the package keeps in registers: the same as that of the other records of Clortho.
 *
 *     offset  size  meaning
 *     0       4     magic, names the kind: "CLls" session, "CLle" lease, "CLpl" plan
 *     4       1     format version of the kind
 *     5       4     CRC-32 of bytes [0, 5) and [9, end), little endian
 *     9       …     body: one MessagePack array of fields
 *
 * Invariants:
 * - A record of another kind, another version, with a wrong checksum or other fields is never decoded.
 */
import { ClorthoError, checksum } from '@clortho/base';
import { Packr } from 'msgpackr';

/** A kind of record: its magic, the format version that this code writes and reads, its name for messages. */
export interface RecordKind {
  readonly magic: string;
  readonly version: number;
  readonly name: string;
}

const HEADER_BYTES = 9;
const packr = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'number',
  variableMapSize: true,
});

/** Returns the bytes of a record, owned by the caller. */
export function encodeRecord({ magic, version }: RecordKind, fields: readonly unknown[]): Uint8Array {
  const body = packr.pack(fields);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  for (let index = 0; index < 4; index += 1) bytes[index] = magic.charCodeAt(index);
  bytes[4] = version;
  bytes.set(body, HEADER_BYTES);
  new DataView(bytes.buffer).setUint32(5, checksumOf(bytes), true);
  return bytes;
}

/**
 * Returns the fields of a record; `key` says in messages where the bytes came from.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if it is damaged or something else, `CLORTHO_UNSUPPORTED` if it is of a
 *   format that this code does not know.
 */
export function decodeRecord(kind: RecordKind, bytes: Uint8Array, key: string): unknown[] {
  if (bytes.length < HEADER_BYTES || !hasMagic(bytes, kind.magic)) throw notA(kind, key, bytes);
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true);
  if (stored !== checksumOf(bytes)) throw notA(kind, key, bytes);
  if (bytes[4] !== kind.version) {
    throw new ClorthoError(
      'CLORTHO_UNSUPPORTED',
      `${kind.name} has another format, upgrade to read it: register=${key} found=${bytes[4]} supported=${kind.version}`,
    );
  }
  const fields = unpack(kind, bytes.subarray(HEADER_BYTES), key);
  if (!Array.isArray(fields)) throw notA(kind, key, bytes);
  return fields;
}

function unpack(kind: RecordKind, body: Uint8Array, key: string): unknown {
  try {
    return packr.unpack(body);
  } catch (cause) {
    throw new ClorthoError('CLORTHO_CORRUPT', `${kind.name} is not readable: register=${key}`, { cause });
  }
}

function hasMagic(bytes: Uint8Array, magic: string): boolean {
  return String.fromCharCode(...bytes.subarray(0, 4)) === magic;
}

function checksumOf(bytes: Uint8Array): number {
  return checksum(bytes.subarray(HEADER_BYTES), checksum(bytes.subarray(0, 5)));
}

function notA(kind: RecordKind, key: string, bytes: Uint8Array): ClorthoError {
  return new ClorthoError(
    'CLORTHO_CORRUPT',
    `register holds no valid ${kind.name}: register=${key} bytes=${bytes.length}`,
  );
}
