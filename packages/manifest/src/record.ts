/**
 * The envelope of everything that the manifest persists.
 *
 *     offset  size  meaning
 *     0       4     magic, names the kind: "CLhd" head, "CLck" checkpoint segment, "CLmp" shard map, …
 *     4       1     format version of the kind
 *     5       4     CRC-32 of bytes [0, 5) and [9, end), little endian
 *     9       …     body: one MessagePack value
 *
 * Invariants:
 * - A record of another kind, an unknown version or with a wrong checksum is never decoded.
 */
import { ClorthoError, checksum } from '@clortho/base';
import { Packr } from 'msgpackr';

/** A kind of record: the four characters of its magic, and the format version that this code writes. */
export interface RecordKind {
  readonly magic: string;
  readonly version: number;
  /** The oldest version that this code reads; `version` by default. */
  readonly oldestVersion?: number | undefined;
  /** What it is, for messages. */
  readonly name: string;
}

const HEADER_BYTES = 9;
/** MessagePack: an array of up to 15 items begins with this byte plus their number; one of up to 65,535 with ARRAY_16. */
const FIXARRAY = 0x90;
const ARRAY_16 = 0xdc;
const packr = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'number',
  variableMapSize: true,
});

/** Returns one MessagePack value as it stands in a record, owned by the caller. */
export function encodeBody(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(value));
}

/** Returns the bytes of a record, owned by the caller. */
export function encodeRecord(kind: RecordKind, body: unknown): Uint8Array {
  return seal(kind, [packr.pack(body)]);
}

/** As `encodeRecord` of fewer than 15 fields and a last one, a list whose items `encodeBody` has encoded. */
export function encodeListRecord(
  kind: RecordKind,
  fields: readonly unknown[],
  list: readonly Uint8Array[],
): Uint8Array {
  const packed = packr.pack(fields);
  packed[0] = FIXARRAY + fields.length + 1;
  return seal(kind, [packed, arrayHeader(list.length), ...list]);
}

function seal({ magic, version }: RecordKind, body: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.reduce((sum, part) => sum + part.length, 0));
  for (let index = 0; index < 4; index += 1) bytes[index] = magic.charCodeAt(index);
  bytes[4] = version;
  let end = HEADER_BYTES;
  for (const part of body) {
    bytes.set(part, end);
    end += part.length;
  }
  new DataView(bytes.buffer).setUint32(5, recordChecksum(bytes), true);
  return bytes;
}

/**
 * Returns the body of a record. Byte strings in it are views of `bytes`.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if it is damaged or of another kind, `CLORTHO_UNSUPPORTED` if its
 *   format is newer. `name` says in the message where the bytes came from.
 */
export function decodeRecord(kind: RecordKind, bytes: Uint8Array, name: string): unknown {
  if (bytes.length < HEADER_BYTES) throw corrupt(kind, name, `length=${bytes.length}`);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== kind.magic) throw corrupt(kind, name, `magic=${JSON.stringify(magic)}`);
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true);
  if (stored !== recordChecksum(bytes)) throw corrupt(kind, name, `checksum=${stored}`);
  const version = recordVersion(bytes);
  if (version > kind.version || version < (kind.oldestVersion ?? kind.version)) {
    throw new ClorthoError(
      'CLORTHO_UNSUPPORTED',
      `${kind.name} has another format, upgrade to read it: at=${name} found=${version} supported=${kind.version}`,
    );
  }
  try {
    return packr.unpack(bytes.subarray(HEADER_BYTES));
  } catch (cause) {
    throw new ClorthoError('CLORTHO_CORRUPT', `${kind.name} is not readable: at=${name}`, { cause });
  }
}

/** Returns the format version that a record says it has. */
export function recordVersion(bytes: Uint8Array): number {
  return bytes[4] ?? 0;
}

function arrayHeader(length: number): Uint8Array {
  return length < 16
    ? Uint8Array.of(FIXARRAY + length)
    : Uint8Array.of(ARRAY_16, Math.floor(length / 256), length % 256);
}

function recordChecksum(bytes: Uint8Array): number {
  return checksum(bytes.subarray(HEADER_BYTES), checksum(bytes.subarray(0, 5)));
}

function corrupt(kind: RecordKind, name: string, fact: string): ClorthoError {
  return new ClorthoError('CLORTHO_CORRUPT', `not a valid ${kind.name}: at=${name} ${fact}`);
}
