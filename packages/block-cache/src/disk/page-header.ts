/**
 * What a slot says of itself: which page lies in it, and a checksum for every 16 KiB.
 *
 *     0      4      8      12       16             24      26       28            28 + 4c       + name
 *     +------+------+------+--------+--------------+-------+--------+-------------+-------------+
 *     | CLpg | CRC  | page | length | object bytes | name  | chunks | c checksums | UTF-8 name  |
 *     |      | >8   |      |        | u64          | bytes | c      |             |             |
 *     +------+------+------+--------+--------------+-------+--------+-------------+-------------+
 *
 * A page is believed only if its whole identity is there and every chunk that is read matches. Whatever else lies in a
 * slot, be it half a write, another page or the noise of a dying disk, is no page.
 *
 * Invariants:
 * - The header depends on the page and on nothing else: two processes that write one page write the same bytes.
 */
import { checksum, compareBytes } from '@clortho/base';
import { BLOCK_BYTES, CHUNK_BYTES, PAGE_BYTES_MAX } from './geometry.ts';
import { NAME_BYTES_MAX, type PageKey } from './page-key.ts';

const MAGIC = 0x67704c43; // "CLpg"
const FIELDS_BYTES = 28;

/** What was found in a slot: the checksums of the page, another page, or no page at all. */
export type PageHeader = { readonly sums: DataView } | 'other' | 'damaged';

/** The longest header; it fits one block. */
export const PAGE_HEADER_BYTES_MAX: number =
  FIELDS_BYTES + 4 * (PAGE_BYTES_MAX / CHUNK_BYTES) + NAME_BYTES_MAX;

/** Returns the length of a page's header. */
export function pageHeaderBytes({ length, name }: PageKey): number {
  return FIELDS_BYTES + 4 * Math.ceil(length / CHUNK_BYTES) + name.length;
}

/** Returns the header of a page with these bytes, padded to a block. */
export function encodePageHeader(key: PageKey, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  encodeIdentity(view, key);
  const chunks = Math.ceil(payload.length / CHUNK_BYTES);
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const start = chunk * CHUNK_BYTES;
    const sum = checksum(payload.subarray(start, start + CHUNK_BYTES));
    view.setUint32(FIELDS_BYTES + 4 * chunk, sum, true);
  }
  bytes.set(key.name, FIELDS_BYTES + 4 * chunks);
  view.setUint32(4, checksum(bytes.subarray(8, pageHeaderBytes(key))), true);
  return bytes;
}

/** Reads the header of a slot, of which `bytes` are the first {@link pageHeaderBytes}, expecting the page `key`. */
export function decodePageHeader(key: PageKey, bytes: Uint8Array): PageHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return 'damaged';
  // How long another page's header is only its own fields can say, so it is not told from damage by its checksum.
  const expected = new DataView(new ArrayBuffer(FIELDS_BYTES));
  encodeIdentity(expected, key);
  for (let offset = 8; offset < FIELDS_BYTES; offset += 4) {
    if (view.getUint32(offset, true) !== expected.getUint32(offset, true)) return 'other';
  }
  const sumsBytes = 4 * Math.ceil(key.length / CHUNK_BYTES);
  if (compareBytes(bytes.subarray(FIELDS_BYTES + sumsBytes), key.name) !== 0) return 'other';
  if (view.getUint32(4, true) !== checksum(bytes.subarray(8))) return 'damaged';
  return { sums: new DataView(bytes.buffer, bytes.byteOffset + FIELDS_BYTES, sumsBytes) };
}

/** Tells whether `bytes`, which begin at a chunk of the page and end with one, are those that were written. */
export function areChunksIntact(sums: DataView, firstChunk: number, bytes: Uint8Array): boolean {
  for (let start = 0, chunk = firstChunk; start < bytes.length; start += CHUNK_BYTES, chunk += 1) {
    if (checksum(bytes.subarray(start, start + CHUNK_BYTES)) !== sums.getUint32(4 * chunk, true))
      return false;
  }
  return true;
}

function encodeIdentity(view: DataView, { page, length, object, name }: PageKey): void {
  view.setUint32(0, MAGIC, true);
  view.setUint32(8, page, true);
  view.setUint32(12, length, true);
  view.setBigUint64(16, BigInt(object.bytes), true);
  view.setUint16(24, name.length, true);
  view.setUint16(26, Math.ceil(length / CHUNK_BYTES), true);
}
