/**
 * The index: the facts of every data block, in columns, kept in memory while the file is open.
 *
 *     blocks varint
 *     first keys (key column)
 *     integers: first timestamps, stored bytes, raw bytes, rows, least and greatest timestamp, least and greatest end
 *     collectors varint, then of each: its statistics per block (byte strings)
 *
 * Blocks tile the file from offset 0, so lengths give the offsets.
 *
 * Invariants:
 * - Blocks are ordered by (first key ascending, first timestamp descending), as their rows are.
 */
import { decodeByteStrings, encodeByteStrings } from '../column/byte-strings.ts';
import { decodeIntegers, encodeIntegers, type Integers, integerAt } from '../column/integers.ts';
import { decodeKeys, encodeKeys, type Keys, keysWeight } from '../column/keys.ts';
import { countBefore } from '../column/search-keys.ts';
import { decodeTimestamps } from '../column/timestamps.ts';
import { BLOCK_BYTES_MAX, BLOCKS_MAX, KEY_BYTES_MAX } from '../limits.ts';
import { corruptSection, endSection, type Section, takeVarint } from '../section.ts';
import type { ByteSink } from '../sink.ts';
import { ENVELOPE_BYTES } from './stored-block.ts';

/** The most collectors of a file. */
export const COLLECTORS_MAX = 64;

/** The index in memory; block b is `[offsets[b], offsets[b + 1])` of the file. */
export interface BlockIndex {
  readonly blocks: number;
  readonly firstKeys: Keys;
  readonly firstTimestamps: Integers;
  readonly offsets: Float64Array;
  readonly rawBytes: Integers;
  readonly rows: Integers;
  readonly minTimestamps: Integers;
  readonly maxTimestamps: Integers;
  readonly minEnds: Integers;
  readonly maxEnds: Integers;
  /** Per collector, in the order of the properties: its statistics of every block. */
  readonly statistics: readonly (readonly Uint8Array[])[];
}

/** The columns of an index being written: one element per block. */
export interface BlockIndexColumns {
  readonly firstKeys: readonly Uint8Array[];
  /** In the order of the format: first timestamps to greatest ends. */
  readonly integers: readonly (readonly number[])[];
  readonly statistics: readonly (readonly Uint8Array[])[];
}

/** Encodes an index. */
export function encodeBlockIndex(sink: ByteSink, columns: BlockIndexColumns): void {
  const blocks = columns.firstKeys.length;
  sink.varint(blocks);
  encodeKeyList(sink, columns.firstKeys);
  for (const column of columns.integers) encodeIntegers(sink, Float64Array.from(column), blocks);
  sink.varint(columns.statistics.length);
  for (const column of columns.statistics) encodeByteStrings(sink, column);
}

/** Encodes sorted keys given one by one. */
export function encodeKeyList(sink: ByteSink, keys: readonly Uint8Array[]): void {
  const offsets = new Float64Array(keys.length + 1);
  for (let index = 0; index < keys.length; index += 1) {
    offsets[index + 1] = (offsets[index] as number) + (keys[index] as Uint8Array).length;
  }
  const bytes = new Uint8Array(offsets[keys.length] as number);
  for (let index = 0; index < keys.length; index += 1) bytes.set(keys[index] as Uint8Array, offsets[index]);
  encodeKeys(sink, bytes, offsets, keys.length);
}

/**
 * Decodes an index whose blocks tile `[0, dataBytes)`; with `timestamp`, all rows have that one (the file stores none).
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeBlockIndex(
  section: Section,
  dataBytes: number,
  timestamp: number | undefined,
): BlockIndex {
  const blocks = takeVarint(section, Math.min(BLOCKS_MAX, section.bytes.length));
  const firstKeys = decodeKeys(section, blocks, KEY_BYTES_MAX);
  const start = (): Integers => decodeTimestamps(section, blocks, timestamp);
  const end = (): Integers => decodeTimestamps(section, blocks, undefined);
  const firstTimestamps = start();
  const offsets = decodeOffsets(section, blocks, dataBytes);
  const rawBytes = decodeIntegers(section, blocks, 1, BLOCK_BYTES_MAX);
  const rows = decodeIntegers(section, blocks, 1, BLOCK_BYTES_MAX);
  const minTimestamps = start();
  const maxTimestamps = start();
  const minEnds = end();
  const maxEnds = end();
  const collectors = takeVarint(section, COLLECTORS_MAX);
  const statistics: Uint8Array[][] = [];
  for (let index = 0; index < collectors; index += 1) {
    statistics.push(decodeByteStrings(section, blocks, section.bytes.length));
  }
  endSection(section);
  return {
    blocks,
    firstKeys,
    firstTimestamps,
    offsets,
    rawBytes,
    rows,
    minTimestamps,
    maxTimestamps,
    minEnds,
    maxEnds,
    statistics,
  };
}

/**
 * Returns the last block whose first row is not after (key, timestamp), or -1: the block that holds the first row
 * at or after that place, unless that row begins the next block.
 */
export function findBlock(index: BlockIndex, key: Uint8Array, timestamp: number): number {
  return countBefore(index.firstKeys, index.firstTimestamps, key, timestamp, true) - 1;
}

/** Returns the memory that an index holds, in bytes. */
export function blockIndexWeight(index: BlockIndex): number {
  let weight = keysWeight(index.firstKeys) + index.offsets.byteLength;
  const { firstTimestamps, rawBytes, rows, minTimestamps, maxTimestamps, minEnds, maxEnds } = index;
  for (const column of [firstTimestamps, rawBytes, rows, minTimestamps, maxTimestamps, minEnds, maxEnds]) {
    weight += column.values?.byteLength ?? 0;
  }
  // A view costs more than the few bytes that it shows.
  for (const column of index.statistics) for (const bytes of column) weight += bytes.length + 100;
  return weight;
}

function decodeOffsets(section: Section, blocks: number, dataBytes: number): Float64Array {
  const stored = decodeIntegers(section, blocks, ENVELOPE_BYTES + 1, BLOCK_BYTES_MAX + ENVELOPE_BYTES);
  const offsets = new Float64Array(blocks + 1);
  for (let index = 0; index < blocks; index += 1) {
    offsets[index + 1] = (offsets[index] as number) + integerAt(stored, index);
  }
  if (offsets[blocks] !== dataBytes) throw corruptSection(section, `blocks do not tile ${dataBytes} bytes`);
  return offsets;
}
