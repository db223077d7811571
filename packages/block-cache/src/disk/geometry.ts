/**
 * Where everything lies in the cache file: a function of the budget and the page size, and of nothing else.
 *
 *     0          4096              slotsOffset                                  fileBytes <= bytesMax
 *     +----------+-----------------+----------------+----------------+-- ... --+
 *     |  header  |  tags, u32 each | slot 0         | slot 1         |         |
 *     +----------+-----------------+--------+-------+----------------+-- ... --+
 *                 set 0 | set 1 |  | header | page  |                  sets * ways slots
 *
 * A page may lie in any of the `ways` slots of one set, which follows from its object and number. So nothing has to be
 * read to know where to look: one set of tags, at most 1 KiB, whatever the size of the cache.
 *
 * Invariants:
 * - Every position is below `fileBytes`, and that is at most the budget: the file cannot outgrow it.
 * - Equal budgets and page sizes have equal geometries, in every process.
 */
import { checksum } from '@clortho/base';

/** Slots begin at multiples of this, and so do pages in them: a write never has to read what surrounds it. */
export const BLOCK_BYTES = 4096;
/** Pages have a checksum for every so many bytes, so that a small read is a small read. */
export const CHUNK_BYTES: number = 16 * 1024;
/** The largest page: its checksums and the longest name fill one block. */
export const PAGE_BYTES_MAX: number = 4 * 1024 * 1024;

const TAG_BYTES = 4;
/** More ways leave fewer pages without a place in a cache that is about full, and make a miss read more tags. */
const WAYS_MAX = 256;
const MAGIC = 0x63644c43; // "CLdc"
const VERSION = 1;
const HEADER_FIELDS_BYTES = 24;

/** The layout of a cache file. */
export interface Geometry {
  readonly pageBytes: number;
  readonly sets: number;
  readonly ways: number;
  /** The first byte of slot 0. */
  readonly slotsOffset: number;
  /** The length of the file once every slot was written. */
  readonly fileBytes: number;
}

/** Returns the layout of a cache within `bytesMax`, or `undefined` if that has no room for a single page. */
export function geometryOf(bytesMax: number, pageBytes: number): Geometry | undefined {
  const slotBytes = BLOCK_BYTES + pageBytes;
  // One block for the header, and at most one for rounding up the tags.
  const slots = Math.floor((bytesMax - 2 * BLOCK_BYTES) / (slotBytes + TAG_BYTES));
  if (slots < 1) return undefined;
  const sets = Math.ceil(slots / WAYS_MAX);
  const ways = Math.floor(slots / sets);
  const slotsOffset = BLOCK_BYTES + Math.ceil((sets * ways * TAG_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
  return { pageBytes, sets, ways, slotsOffset, fileBytes: slotsOffset + sets * ways * slotBytes };
}

/** Returns where the tag of a way of a set lies. The tags of a set follow each other. */
export function tagPosition({ ways }: Geometry, set: number, way: number): number {
  return BLOCK_BYTES + (set * ways + way) * TAG_BYTES;
}

/** Returns where the slot of a way of a set lies: first its header, a block later its page. */
export function slotPosition({ ways, pageBytes, slotsOffset }: Geometry, set: number, way: number): number {
  return slotsOffset + (set * ways + way) * (BLOCK_BYTES + pageBytes);
}

/** Returns the header of the file, one block. Two files belong to one geometry if their headers are equal. */
export function encodeFileHeader({ pageBytes, sets, ways }: Geometry): Uint8Array {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, pageBytes, true);
  view.setUint32(16, ways, true);
  view.setUint32(20, sets, true);
  view.setUint32(4, checksum(bytes.subarray(8, HEADER_FIELDS_BYTES)), true);
  return bytes;
}

/** Tells whether `bytes` are the header of any cache file, of whatever version and geometry. */
export function isFileHeader(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_FIELDS_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (
    view.getUint32(0, true) === MAGIC &&
    view.getUint32(4, true) === checksum(bytes.subarray(8, HEADER_FIELDS_BYTES))
  );
}
