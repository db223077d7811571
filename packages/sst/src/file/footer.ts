/**
 * The footer: the last 64 bytes of a file, which say where the tail begins and what a reader must know.
 *
 *      0  index            u32 stored bytes, u32 raw bytes
 *      8  filter           u32, u32     both 0 where there is none
 *     16  range deletes    u32, u32     both 0 where there are none
 *     24  properties       u32, u32
 *     32  data bytes       u32 low, u32 high: the tail begins there
 *     40  salt             u32
 *     44  required         u32 feature bits: a reader that does not know one refuses the file
 *     48  optional         u32 feature bits: informative, to be ignored where unknown
 *     52  version          u16
 *     54  codecs           u16 bit i set: some block uses codec i
 *     56  check            u32 crc32 of the 56 bytes before
 *     60  magic            "CLTH"
 *
 * Invariants:
 * - The places of check, magic and version are the same in every version.
 * - The parts tile the file: data, index partitions, index, filter, range deletes, properties, footer.
 */
import { ClorthoError, checksum } from '@clortho/base';
import { codecById } from '../codec/registry.ts';
import { readUint32, writeUint32 } from '../column/integers.ts';
import { corruptFile } from '../section.ts';
import { ENVELOPE_BYTES } from './stored-block.ts';

/** The size of the footer in bytes. */
export const FOOTER_BYTES = 64;

/** The format version that this build writes, and the only one it reads. */
export const FORMAT_VERSION = 1;

/** Required feature: rows and range deletes store no timestamp; the opener supplies the one of all. */
export const FEATURE_TIMESTAMPS_ABSENT = 1;

/** Required feature: the index is a partition table, and its partitions lie between the data blocks and the table. */
export const FEATURE_INDEX_PARTITIONED = 2;

const REQUIRED_KNOWN: number = FEATURE_TIMESTAMPS_ABSENT | FEATURE_INDEX_PARTITIONED;
const CHECK_AT = 56;
const MAGIC = 0x48_54_4c_43; // "CLTH" read as a little-endian number
const CODEC_BITS = 16;

/** The sizes of a section; both 0 for an absent one. */
export interface SectionSize {
  readonly stored: number;
  readonly raw: number;
}

/** What the footer says. */
export interface Footer {
  readonly index: SectionSize;
  readonly filter: SectionSize;
  readonly rangeDeletes: SectionSize;
  readonly properties: SectionSize;
  /** The size of the data blocks: the offset of the tail. */
  readonly dataBytes: number;
  /** The size of the partitions of the index; 0 where the index is not partitioned. */
  readonly partitionBytes: number;
  readonly salt: number;
  readonly required: number;
  readonly codecs: number;
}

/** Returns the 64 bytes of a footer. */
export function encodeFooter(footer: Omit<Footer, 'partitionBytes'>): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const sizes = [footer.index, footer.filter, footer.rangeDeletes, footer.properties];
  let at = 0;
  for (const { stored, raw } of sizes) {
    writeUint32(bytes, at, stored);
    writeUint32(bytes, at + 4, raw);
    at += 8;
  }
  writeUint32(bytes, 32, footer.dataBytes);
  writeUint32(bytes, 36, Math.floor(footer.dataBytes / 0x1_0000_0000));
  writeUint32(bytes, 40, footer.salt);
  writeUint32(bytes, 44, footer.required);
  bytes[52] = FORMAT_VERSION;
  bytes[54] = footer.codecs;
  bytes[55] = footer.codecs >>> 8;
  writeUint32(bytes, CHECK_AT, checksum(bytes.subarray(0, CHECK_AT)));
  writeUint32(bytes, CHECK_AT + 4, MAGIC);
  return bytes;
}

/**
 * Decodes the footer of a file of `size` bytes.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if it is damaged or does not fit the size; `CLORTHO_UNSUPPORTED` if the
 *   file needs a version, feature or codec that this build does not have.
 */
export function decodeFooter(bytes: Uint8Array, size: number, name: string, maxBlockBytes: number): Footer {
  const offset = size - FOOTER_BYTES;
  if (readUint32(bytes, CHECK_AT + 4) !== MAGIC) throw corruptFile(name, offset, 'not an sst: no magic');
  if (readUint32(bytes, CHECK_AT) !== checksum(bytes.subarray(0, CHECK_AT))) {
    throw corruptFile(name, offset, 'footer checksum mismatch');
  }
  const version = (bytes[52] as number) | ((bytes[53] as number) << 8);
  if (version !== FORMAT_VERSION) throw unsupported('format version', version, name);
  const required = readUint32(bytes, 44);
  if ((required & ~REQUIRED_KNOWN) !== 0) throw unsupported('required features', required, name);
  const codecs = (bytes[54] as number) | ((bytes[55] as number) << 8);
  for (let id = 0; id < CODEC_BITS; id += 1) {
    if ((codecs >>> id) & 1 && codecById(id) === undefined) throw unsupported('codec', id, name);
  }
  const section = (at: number): SectionSize => {
    const size: SectionSize = { stored: readUint32(bytes, at), raw: readUint32(bytes, at + 4) };
    if (size.raw > maxBlockBytes || size.stored > maxBlockBytes + ENVELOPE_BYTES) {
      throw corruptFile(name, offset, `section claims more than ${maxBlockBytes} bytes`);
    }
    if ((size.stored === 0) !== (size.raw === 0)) {
      throw corruptFile(name, offset, 'section is absent and has a size');
    }
    return size;
  };
  const [index, filter, rangeDeletes, properties] = [section(0), section(8), section(16), section(24)];
  const dataBytes = readUint32(bytes, 32) + readUint32(bytes, 36) * 0x1_0000_0000;
  const sections = index.stored + filter.stored + rangeDeletes.stored + properties.stored;
  const partitionBytes = size - dataBytes - sections - FOOTER_BYTES;
  const partitioned = (required & FEATURE_INDEX_PARTITIONED) !== 0;
  if (partitioned ? partitionBytes <= 0 : partitionBytes !== 0) {
    throw corruptFile(name, offset, `parts do not add up to the size ${size}`);
  }
  const salt = readUint32(bytes, 40);
  return {
    index,
    filter,
    rangeDeletes,
    properties,
    dataBytes,
    partitionBytes,
    salt,
    required,
    codecs,
  };
}

/** Returns the size of the tail, footer included. */
export function tailBytesOf(footer: Footer): number {
  const { partitionBytes, index, filter, rangeDeletes, properties } = footer;
  const sections = index.stored + filter.stored + rangeDeletes.stored + properties.stored;
  return partitionBytes + sections + FOOTER_BYTES;
}

function unsupported(what: string, value: number, name: string): ClorthoError {
  return new ClorthoError(
    'CLORTHO_UNSUPPORTED',
    `this build cannot read the ${what}: value=${value} file=${name}`,
  );
}
