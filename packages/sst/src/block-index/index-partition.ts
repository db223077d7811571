/**
 * A partition of the index: the facts of consecutive data blocks, in columns. A small file has one, which is its index.
 *
 *     blocks varint
 *     first keys (key column)
 *     integers: first timestamps, stored bytes, raw bytes, rows, least and greatest timestamp, least and greatest end
 *     collectors varint, then of each: its statistics per block (byte strings)
 *
 * Blocks tile the file from offset 0, so lengths give the offsets.
 *
 * Invariants:
 * - Blocks ascend strictly by (first key ascending, first timestamp descending), as their rows do.
 */
import {
  type ByteStrings,
  byteStringsWeight,
  decodeByteStrings,
  encodeByteStrings,
} from '../column/byte-strings.ts';
import { decodeIntegers, encodeIntegers, type Integers, integerAt } from '../column/integers.ts';
import { encodeKeyList } from '../column/key-list.ts';
import { decodeKeys, type Keys, keysWeight } from '../column/keys.ts';
import { checkOrder } from '../column/order.ts';
import { decodeTimestamps } from '../column/timestamps.ts';
import { ENVELOPE_BYTES } from '../file/stored-block.ts';
import { BLOCKS_MAX, COLLECTORS_MAX, KEY_BYTES_MAX } from '../limits.ts';
import { checkAllocation, corruptSection, endSection, type Section, takeVarint } from '../section.ts';
import type { ByteSink } from '../sink.ts';

/** Where a partition lies among the blocks of its file. */
export interface PartitionPlace {
  /** The ordinal of its first block. */
  readonly firstBlock: number;
  /** Where in the file its blocks begin and end. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** A partition in memory; its block b is `[offsets[b], offsets[b + 1])` of the file. */
export interface IndexPartition {
  readonly firstBlock: number;
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
  readonly statistics: readonly ByteStrings[];
}

/** The columns of a partition being written: one element per block. */
export interface PartitionColumns {
  readonly firstKeys: readonly Uint8Array[];
  /** In the order of the format: first timestamps to greatest ends. */
  readonly integers: readonly (readonly number[])[];
  readonly statistics: readonly (readonly Uint8Array[])[];
}

/** Encodes a partition. */
export function encodeIndexPartition(sink: ByteSink, columns: PartitionColumns): void {
  const blocks = columns.firstKeys.length;
  sink.varint(blocks);
  encodeKeyList(sink, columns.firstKeys);
  for (const column of columns.integers) encodeIntegers(sink, Float64Array.from(column), blocks);
  sink.varint(columns.statistics.length);
  for (const column of columns.statistics) encodeByteStrings(sink, column);
}

/**
 * Decodes a partition whose blocks tile its place; with `timestamp`, all rows have that one (the file stores none).
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeIndexPartition(
  section: Section,
  place: PartitionPlace,
  timestamp: number | undefined,
): IndexPartition {
  const blocks = takeVarint(section, Math.min(BLOCKS_MAX, section.bytes.length));
  const firstKeys = decodeKeys(section, blocks, KEY_BYTES_MAX);
  const start = (): Integers => decodeTimestamps(section, blocks, timestamp);
  const end = (): Integers => decodeTimestamps(section, blocks, undefined);
  const firstTimestamps = start();
  checkOrder(section, firstKeys, firstTimestamps);
  const offsets = decodeOffsets(section, blocks, place);
  const rawBytes = decodeIntegers(section, blocks, 1, section.bytesMax);
  const rows = decodeIntegers(section, blocks, 1, section.bytesMax);
  const minTimestamps = start();
  const maxTimestamps = start();
  const minEnds = end();
  const maxEnds = end();
  const collectors = takeVarint(section, COLLECTORS_MAX);
  const statistics: ByteStrings[] = [];
  for (let index = 0; index < collectors; index += 1) {
    statistics.push(decodeByteStrings(section, blocks, section.bytes.length));
  }
  endSection(section);
  return {
    firstBlock: place.firstBlock,
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

/** Returns the memory that a partition holds, in bytes. */
export function partitionWeight(partition: IndexPartition): number {
  let weight = keysWeight(partition.firstKeys) + partition.offsets.byteLength;
  const { firstTimestamps, rawBytes, rows, minTimestamps, maxTimestamps, minEnds, maxEnds } = partition;
  for (const column of [firstTimestamps, rawBytes, rows, minTimestamps, maxTimestamps, minEnds, maxEnds]) {
    weight += column.values?.byteLength ?? 0;
  }
  for (const column of partition.statistics) weight += byteStringsWeight(column);
  return weight;
}

function decodeOffsets(section: Section, blocks: number, place: PartitionPlace): Float64Array {
  const stored = decodeIntegers(section, blocks, ENVELOPE_BYTES + 1, section.bytesMax + ENVELOPE_BYTES);
  checkAllocation(section, (blocks + 1) * Float64Array.BYTES_PER_ELEMENT);
  const offsets = new Float64Array(blocks + 1);
  offsets[0] = place.dataStart;
  for (let index = 0; index < blocks; index += 1) {
    offsets[index + 1] = (offsets[index] as number) + integerAt(stored, index);
  }
  if (offsets[blocks] !== place.dataEnd) {
    throw corruptSection(section, `blocks do not tile [${place.dataStart}, ${place.dataEnd})`);
  }
  return offsets;
}
