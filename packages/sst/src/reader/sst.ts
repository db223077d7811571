/**
 * An open file: its tail in memory, its blocks within reach of cursors.
 *
 *     open -- one read (tail) --> Sst -- cursor() --> SstCursor -- at most one read per block --> rows
 *
 * Invariants:
 * - The file is immutable, so everything here may be used by any number of callers at the same time.
 */
import type { FileHandle } from 'node:fs/promises';
import { copyBytes, type Hash64, hashBytes, isClorthoError } from '@clortho/base';
import type { CollectorDefinition, Statistics } from '../collector/collector.ts';
import { integerAt } from '../column/integers.ts';
import { keyStartAt } from '../column/keys.ts';
import { tailBytesOf } from '../file/footer.ts';
import { type BlockColumns, readBlockColumns } from '../inspect/read-block-columns.ts';
import { BLOCK_BYTES_MAX } from '../limits.ts';
import { BLOCKED, type RangeDelete, ROW, type Row, type RowPosition } from '../row.ts';
import { type SstSummary, summaryOf } from '../summary.ts';
import type { BlockCache } from './block-cache.ts';
import { BlockReader, type FileBytes } from './block-reader.ts';
import type { SstCursorOptions } from './cursor-options.ts';
import { fileSource } from './file-source.ts';
import type { SstScanOptions } from './scan-options.ts';
import { scanRows } from './scan-rows.ts';
import type { SstSource } from './source.ts';
import { SstCursor } from './sst-cursor.ts';
import { FileStatistics } from './statistics.ts';
import { decodeTail, readTail, type Tail } from './tail.ts';
import { verifyBlocks } from './verify.ts';
import { isVisible, LATEST, rowOf, showsKey } from './visible.ts';

/** How to open a file. */
export interface SstOpenOptions {
  /** The size of the file in bytes. */
  readonly size: number;
  /** The size of its tail ({@link SstSummary.tailBytes}), where known: then opening takes one read. */
  readonly tailBytes?: number | undefined;
  /** The timestamp of all rows and range deletes of a file that stores none; required for those, else ignored. */
  readonly timestamp?: number | undefined;
  /** The collectors whose statistics are to be decoded, by name and version. */
  readonly collectors?: readonly CollectorDefinition[] | undefined;
  /** The cache for decoded blocks, and the number of this file in it (below 2^32). */
  readonly cache?: { readonly cache: BlockCache; readonly file: number } | undefined;
  /** How error messages call the file. Default `'sst'`. */
  readonly name?: string | undefined;
  /**
   * The most bytes that a block or section may have before its codec, and any array decoded from it: a file that claims
   * more is refused as corrupt before anything is allocated. Default 128 MiB, the bound of the format.
   */
  readonly maxBlockBytes?: number | undefined;
  /** Leave the filter alone, for readers that walk the rows of a file whose filter is damaged. Default `false`. */
  readonly ignoreFilter?: boolean | undefined;
  /**
   * Cursors that move on from a block that had to be loaded into one that has to be read adjacent blocks at once, twice as
   * much each time, up to about this many bytes; the blocks enter the cache. Default 0: one block per read.
   */
  readonly readAheadBytesMax?: number | undefined;
}

/** How to read one key. */
export interface SstGetOptions {
  /** The time to read at; default: latest. */
  readonly asOf?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The facts of one block, for inspection. */
export interface BlockFacts {
  readonly ordinal: number;
  readonly offset: number;
  /** Stored bytes, envelope included. */
  readonly bytes: number;
  /** Bytes before the codec. */
  readonly rawBytes: number;
  readonly rows: number;
  /** A view; valid for as long as it is referenced. */
  readonly firstKey: Uint8Array;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly minEndTimestamp: number;
  readonly maxEndTimestamp: number;
  readonly statistics: Statistics;
}

const CURSORS_KEPT = 8;
/** The hash of the key that is looked up: one call is done with it before another begins. */
const keyHash: Hash64 = { low: 0, high: 0 };

/** One open file. There is nothing to close: whoever owns the source closes that. */
export class Sst {
  /** The facts of the file as its writer stated them; timestamps are 0 where the file stores none. */
  readonly summary: SstSummary;
  /** File-level statistics of the collectors given, decoded. */
  readonly statistics: Statistics;
  /** Sorted by start, then newest first, timestamps resolved. */
  readonly rangeDeletes: readonly RangeDelete[];
  /** The memory that the open file holds besides blocks, in bytes. */
  readonly tailWeight: number;
  readonly #tail: Tail;
  readonly #blocks: BlockReader;
  readonly #statistics: FileStatistics;
  readonly #cursors: SstCursor[] = [];

  private constructor(tailBytes: Uint8Array, bytes: FileBytes, options: SstOpenOptions) {
    const {
      size,
      name = 'sst',
      collectors = [],
      timestamp,
      cache,
      maxBlockBytes = BLOCK_BYTES_MAX,
      ignoreFilter = false,
      readAheadBytesMax = 0,
    } = options;
    const tail = decodeTail(tailBytes, size, timestamp, name, maxBlockBytes, ignoreFilter);
    const { collectors: collected } = tail.properties;
    this.#tail = tail;
    this.#blocks = new BlockReader(tail, bytes, cache, name, readAheadBytesMax);
    this.#statistics = new FileStatistics(collectors, collected, tail.index);
    this.summary = summaryOf(tail.properties, tailBytesOf(tail.footer), size);
    this.statistics = this.#statistics.file;
    this.rangeDeletes = tail.rangeDeletes;
    this.tailWeight = weightOf(tail);
  }

  /**
   * Opens a file behind a source: one read with the right `tailBytes` or a tail of at most 64 KiB, else two.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT` if the tail is damaged or the size is wrong; `CLORTHO_UNSUPPORTED` if the
   *   file needs a version, feature, codec or filter family that is not there; `CLORTHO_INVALID` if it stores no
   *   timestamps and none is given; whatever the source throws.
   */
  static async open(source: SstSource, options: SstOpenOptions, signal?: AbortSignal): Promise<Sst> {
    const { size, tailBytes, name = 'sst', maxBlockBytes = BLOCK_BYTES_MAX } = options;
    try {
      const tail = await readTail(source, size, tailBytes, name, maxBlockBytes, signal);
      return new Sst(tail, { source }, options);
    } catch (error) {
      if (isClorthoError(error, 'CLORTHO_CORRUPT')) source.distrust?.();
      throw error;
    }
  }

  /**
   * Opens a file that is in memory; its cursors never block. The bytes are borrowed for the life of the file and
   * must not change.
   *
   * @throws {ClorthoError} as {@link Sst.open}.
   */
  static openBytes(bytes: Uint8Array, options: Omit<SstOpenOptions, 'size' | 'tailBytes'> = {}): Sst {
    return new Sst(bytes, { whole: bytes }, { ...options, size: bytes.length });
  }

  /**
   * Opens a file of the file system. The handle is borrowed for the life of the file; closing it is up to the caller.
   *
   * @throws {ClorthoError} as {@link Sst.open}; what the file system throws.
   */
  static async openFile(
    handle: FileHandle,
    options: Omit<SstOpenOptions, 'size'> = {},
    signal?: AbortSignal,
  ): Promise<Sst> {
    const { size } = await handle.stat();
    return Sst.open(fileSource(handle), { ...options, size }, signal);
  }

  /** Tells whether a key may have rows here, by its `hashBytes` hash; range deletes are not asked. */
  mayContain(low: number, high: number): boolean {
    return this.#tail.filter.mayContain(low, high);
  }

  /**
   * Returns the version of a key that is visible at `asOf` (default: latest) if this file were all there is, or
   * `undefined`. Asks the filter first. A merge operand comes as it is.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT`; `CLORTHO_ABORTED`; whatever the source throws.
   */
  async get(key: Uint8Array, options: SstGetOptions = {}): Promise<Row | undefined> {
    const { asOf = LATEST, signal } = options;
    const resident = this.peek(key, asOf);
    if (resident !== BLOCKED) return resident;
    const owned = copyBytes(key);
    const cursor = this.cursor();
    try {
      let step = cursor.seek(owned, asOf);
      while (step === BLOCKED) step = await cursor.load(signal);
      return step === ROW ? this.#visible(cursor, owned, asOf) : undefined;
    } finally {
      cursor.release();
    }
  }

  /**
   * Returns what {@link get} does if memory can answer, {@link BLOCKED} if a block must be loaded first.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT`.
   */
  peek(key: Uint8Array, asOf: number = LATEST): Row | undefined | typeof BLOCKED {
    hashBytes(key, 0, key.length, keyHash);
    if (!this.#tail.filter.mayContain(keyHash.low, keyHash.high)) return undefined;
    const cursor = this.cursor();
    const step = cursor.seek(key, asOf);
    const answer = step === ROW ? this.#visible(cursor, key, asOf) : undefined;
    cursor.release();
    return step === BLOCKED ? BLOCKED : answer;
  }

  /**
   * Yields the rows that are visible at `asOf` (default: latest) if this file were all there is: one per key, as copies,
   * in order of keys. Reads the blocks of the range only, many at once, each once, and stops when the consumer stops.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` for contradicting bounds; `CLORTHO_CORRUPT`; `CLORTHO_ABORTED`; whatever the
   *   source throws.
   */
  scan(options: SstScanOptions = {}): AsyncGenerator<Row, void, undefined> {
    return scanRows(this, options);
  }

  /**
   * Returns a cursor before the first row. One without options comes from a pool if one was released, so a point read
   * allocates nothing.
   */
  cursor(options?: SstCursorOptions): SstCursor {
    if (options === undefined) {
      const pooled = this.#cursors.pop();
      if (pooled !== undefined) return pooled;
    }
    return new SstCursor(
      this.#tail.index,
      this.#blocks,
      this.#statistics,
      options ?? {},
      options === undefined ? this.#cursors : undefined,
      CURSORS_KEPT,
    );
  }

  /**
   * Decodes all blocks of `bytes`, the whole file as it was just written, into the cache.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT` if they are not the bytes of this file.
   */
  warm(bytes: Uint8Array): void {
    this.#blocks.warm(bytes);
  }

  /**
   * Returns where the blocks that may hold keys of `[start, end)` lie in the file; `bytes` is 0 if there are none.
   * `undefined` is unbounded.
   */
  extentOf(
    start: Uint8Array,
    end: Uint8Array | undefined,
  ): { readonly offset: number; readonly bytes: number } {
    const { index } = this.#tail;
    const [first, stop] = this.#blocksWithin(start, end);
    if (first >= stop) return { offset: 0, bytes: 0 };
    const offset = index.offsetAt(first);
    return { offset, bytes: index.endAt(stop - 1) - offset };
  }

  /**
   * Loads the blocks that may hold keys of `[start, end)` into the cache, several in one read. `claim` is asked with the
   * weight of each that was not there, and ends it by refusing. Returns how many stored bytes were taken in.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT`; `CLORTHO_ABORTED`; whatever the source throws.
   */
  load(
    start: Uint8Array,
    end: Uint8Array | undefined,
    claim: (weight: number) => boolean,
    signal?: AbortSignal,
  ): Promise<number> {
    return this.#blocks.loadAll(...this.#blocksWithin(start, end), claim, signal);
  }

  /**
   * Reads every block past the cache and checks checksums, order, and that index, filter and properties tell the truth.
   * `onProgress` hears the bytes of data blocks read so far.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT` naming the offset of the first block that is wrong; `CLORTHO_ABORTED`.
   */
  async verify(signal?: AbortSignal, onProgress?: (bytes: number) => void): Promise<void> {
    await verifyBlocks(this.#tail, this.#blocks, signal, onProgress);
  }

  /**
   * Yields the columns of every block in order, or what is wrong with the block, for inspection: past the cache, one block
   * in memory at a time. Looks at checksums, codecs and the extent of columns; {@link verify} looks at the rows.
   *
   * @throws {ClorthoError} `CLORTHO_CORRUPT` if a partition of the index is damaged; `CLORTHO_ABORTED`; whatever the
   *   source throws.
   */
  blockColumns(signal?: AbortSignal): AsyncGenerator<BlockColumns, void, undefined> {
    return readBlockColumns(this.#tail, this.#blocks, signal);
  }

  /** Returns the facts of all blocks in order. */
  blockTable(): BlockFacts[] {
    const { index } = this.#tail;
    return Array.from({ length: index.blocks }, (_, ordinal) => {
      const partition = index.partitionOf(ordinal);
      const entry = ordinal - partition.firstBlock;
      const { firstKeys } = partition;
      const offset = partition.offsets[entry] as number;
      return {
        ordinal,
        offset,
        bytes: (partition.offsets[entry + 1] as number) - offset,
        rawBytes: integerAt(partition.rawBytes, entry),
        rows: integerAt(partition.rows, entry),
        firstKey: firstKeys.keyBytes.subarray(keyStartAt(firstKeys, entry), keyStartAt(firstKeys, entry + 1)),
        minTimestamp: integerAt(partition.minTimestamps, entry),
        maxTimestamp: integerAt(partition.maxTimestamps, entry),
        minEndTimestamp: integerAt(partition.minEnds, entry),
        maxEndTimestamp: integerAt(partition.maxEnds, entry),
        statistics: this.#statistics.block(ordinal),
      };
    });
  }

  #blocksWithin(start: Uint8Array, end: Uint8Array | undefined): [first: number, end: number] {
    const { index } = this.#tail;
    const first = Math.max(0, index.find(start, Number.POSITIVE_INFINITY));
    return [first, end === undefined ? index.blocks : index.find(end, Number.POSITIVE_INFINITY) + 1];
  }

  #visible(position: RowPosition, key: Uint8Array, asOf: number): Row | undefined {
    const shown = showsKey(position, key) && isVisible(position, this.rangeDeletes, asOf);
    return shown ? rowOf(position, key) : undefined;
  }
}

function weightOf(tail: Tail): number {
  let weight = tail.index.weight + tail.filter.weight;
  for (const { start, end } of tail.rangeDeletes) weight += start.length + end.length + 200;
  for (const { bytes } of tail.properties.collectors) weight += bytes.length + 100;
  return weight;
}
