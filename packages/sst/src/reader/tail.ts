/**
 * The tail of a file: everything after the data blocks, read once when the file is opened and kept in memory.
 *
 * Invariants:
 * - A file that is opened has a whole tail: every section passed its checksum and decoded, but for the partitions of a
 *   large index, which passed their checksums and are decoded when they are first needed.
 */
import { ClorthoError, concatBytes } from '@clortho/base';
import type { BlockIndex } from '../block-index/block-index.ts';
import { decodeBlockIndex } from '../block-index/decode-block-index.ts';
import {
  decodeFooter,
  FEATURE_TIMESTAMPS_ABSENT,
  FOOTER_BYTES,
  type Footer,
  tailBytesOf,
} from '../file/footer.ts';
import { decodeProperties, type Properties } from '../file/properties.ts';
import { decodeRangeDeletes } from '../file/range-deletes.ts';
import { type BlockOrigin, decodeStoredBlock } from '../file/stored-block.ts';
import type { Filter } from '../filter/filter.ts';
import { decodeFilter, noFilter } from '../filter/registry.ts';
import type { RangeDelete } from '../row.ts';
import { corruptFile, type Section } from '../section.ts';
import type { SstSource } from './source.ts';

/** The decoded tail. */
export interface Tail {
  readonly footer: Footer;
  /** What decoding a block of the file needs. */
  readonly origin: BlockOrigin;
  readonly index: BlockIndex;
  readonly filter: Filter;
  readonly rangeDeletes: readonly RangeDelete[];
  readonly properties: Properties;
  /** The timestamp of all rows of a file that stores none. */
  readonly timestamp: number | undefined;
}

/** The sections that every tail has a size for, in their order. */
type TailSection = 'index' | 'filter' | 'rangeDeletes' | 'properties';

/** What is read of a file whose tail size is not known: enough for the tail of most files. */
const TAIL_BYTES_GUESS = 64 * 1024;

/**
 * Reads the tail of a file of `size` bytes: one read if `tailBytes` is right or the tail is small, else two.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`; what the source throws.
 */
export async function readTail(
  source: SstSource,
  size: number,
  tailBytes: number | undefined,
  name: string,
  maxBlockBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  checkSize(size, name);
  const length = Math.min(size, Math.max(FOOTER_BYTES, tailBytes ?? TAIL_BYTES_GUESS));
  const end = await readExactly(source, size - length, length, name, signal);
  const footer = decodeFooter(end.subarray(end.length - FOOTER_BYTES), size, name, maxBlockBytes);
  const missing = tailBytesOf(footer) - length;
  if (missing <= 0) return end.subarray(-missing);
  return concatBytes([await readExactly(source, footer.dataBytes, missing, name, signal), end]);
}

/**
 * Decodes a tail; `bytes` end the file and may begin before the tail. With `ignoreFilter`, every key may be there.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`; `CLORTHO_INVALID` if the file stores no
 *   timestamps and none is given.
 */
export function decodeTail(
  bytes: Uint8Array,
  size: number,
  timestamp: number | undefined,
  name: string,
  maxBlockBytes: number,
  ignoreFilter: boolean,
): Tail {
  checkSize(size, name);
  const footer = decodeFooter(bytes.subarray(bytes.length - FOOTER_BYTES), size, name, maxBlockBytes);
  const origin: BlockOrigin = { salt: footer.salt, name, maxBlockBytes };
  const absent = (footer.required & FEATURE_TIMESTAMPS_ABSENT) !== 0;
  const uniform = absent ? timestampGiven(timestamp, name) : undefined;
  const tailAt = bytes.length - tailBytesOf(footer);
  let offset = footer.dataBytes + footer.partitionBytes;
  const pass = (part: TailSection): Uint8Array => {
    const start = tailAt + offset - footer.dataBytes;
    offset += footer[part].stored;
    return bytes.subarray(start, start + footer[part].stored);
  };
  const take = (part: TailSection): Section => {
    const sectionAt = offset;
    return decodeStoredBlock(pass(part), footer[part].raw, sectionAt, origin);
  };
  const partitions = bytes.subarray(tailAt, tailAt + footer.partitionBytes);
  const index = decodeBlockIndex(take('index'), partitions, footer, origin, uniform);
  let filter = noFilter;
  if (ignoreFilter) pass('filter');
  else if (footer.filter.stored > 0) filter = decodeFilter(take('filter'));
  const rangeDeletes =
    footer.rangeDeletes.stored === 0 ? [] : decodeRangeDeletes(take('rangeDeletes'), uniform);
  const properties = decodeProperties(take('properties'));
  const columns = index.partitionOf(0).statistics.length;
  if (index.blocks === 0 && footer.filter.stored > 0) {
    throw corruptFile(name, footer.dataBytes, 'filter in a file without rows');
  }
  if (index.blocks !== properties.blocks || columns !== properties.collectors.length) {
    throw corruptFile(name, footer.dataBytes, 'index and properties disagree');
  }
  return { footer, origin, index, filter, rangeDeletes, properties, timestamp: uniform };
}

/** Reads exactly `length` bytes. Throws `CLORTHO_CORRUPT` if the source gives another number. */
export async function readExactly(
  source: SstSource,
  offset: number,
  length: number,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = await source.read(offset, length, signal);
  if (bytes.length !== length)
    throw corruptFile(name, offset, `read gave ${bytes.length} of ${length} bytes`);
  return bytes;
}

function checkSize(size: number, name: string): void {
  if (!Number.isSafeInteger(size) || size < FOOTER_BYTES) {
    throw corruptFile(name, 0, `not an sst: size ${size} is below that of a footer`);
  }
}

function timestampGiven(timestamp: number | undefined, name: string): number {
  if (Number.isSafeInteger(timestamp)) return timestamp as number;
  throw new ClorthoError('CLORTHO_INVALID', `the file stores no timestamps and needs one: file=${name}`);
}
