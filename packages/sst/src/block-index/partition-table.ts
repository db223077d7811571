/**
 * The partition table: the upper level of a large file's index, one entry per partition.
 *
 *     partitions varint
 *     first keys (key column): of the first block of each partition
 *     integers: first timestamps, stored bytes, raw bytes, blocks, data bytes
 *
 *     partition table      [ p0            | p1            | p2    ]
 *     partitions           [ b0 b1 b2 b3 ] [ b4 b5 b6 b7 ] [ b8 b9 ]
 *     data blocks           #  #  #  #       #  #  #  #      #  #
 *
 * Invariants:
 * - Partitions tile the file behind the data blocks; their blocks together are the blocks of the file, in order.
 */
import { decodeIntegers, encodeIntegers, type Integers, integerAt } from '../column/integers.ts';
import { encodeKeyList } from '../column/key-list.ts';
import { decodeKeys, type Keys } from '../column/keys.ts';
import { checkOrder } from '../column/order.ts';
import { decodeTimestamps } from '../column/timestamps.ts';
import { ENVELOPE_BYTES } from '../file/stored-block.ts';
import { BLOCKS_MAX, KEY_BYTES_MAX } from '../limits.ts';
import { checkAllocation, corruptSection, endSection, type Section, takeVarint } from '../section.ts';
import type { ByteSink } from '../sink.ts';

/** The table in memory: partition p has the blocks `[blocks[p], blocks[p + 1])`, likewise `data` and `offsets`. */
export interface PartitionTable {
  readonly partitions: number;
  readonly firstKeys: Keys;
  readonly firstTimestamps: Integers;
  readonly rawBytes: Integers;
  /** Ordinals of blocks. */
  readonly blocks: Float64Array;
  /** Offsets in the file of the data blocks. */
  readonly data: Float64Array;
  /** Offsets in the file of the partitions themselves. */
  readonly offsets: Float64Array;
}

/** One entry of a table being written. */
export interface PartitionEntry {
  readonly firstKey: Uint8Array;
  readonly firstTimestamp: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly blocks: number;
  readonly dataBytes: number;
}

/** Encodes a table. */
export function encodePartitionTable(sink: ByteSink, entries: readonly PartitionEntry[]): void {
  sink.varint(entries.length);
  encodeKeyList(
    sink,
    entries.map((entry) => entry.firstKey),
  );
  for (const column of ['firstTimestamp', 'storedBytes', 'rawBytes', 'blocks', 'dataBytes'] as const) {
    encodeIntegers(
      sink,
      Float64Array.from(entries, (entry) => entry[column]),
      entries.length,
    );
  }
}

/**
 * Decodes a table whose data blocks tile `[0, dataBytes)` and whose partitions tile `[dataBytes, end)`; with
 * `timestamp`, all rows have that one (the file stores none).
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodePartitionTable(
  section: Section,
  dataBytes: number,
  end: number,
  timestamp: number | undefined,
): PartitionTable {
  const partitions = takeVarint(section, Math.min(BLOCKS_MAX, section.bytes.length));
  if (partitions === 0) throw corruptSection(section, 'index without partitions');
  const firstKeys = decodeKeys(section, partitions, KEY_BYTES_MAX);
  const firstTimestamps = decodeTimestamps(section, partitions, timestamp);
  checkOrder(section, firstKeys, firstTimestamps);
  const stored = decodeIntegers(section, partitions, ENVELOPE_BYTES + 1, section.bytesMax + ENVELOPE_BYTES);
  const rawBytes = decodeIntegers(section, partitions, 1, section.bytesMax);
  const blocks = decodeIntegers(section, partitions, 1, BLOCKS_MAX);
  const data = decodeIntegers(section, partitions, 1, dataBytes);
  endSection(section);
  checkAllocation(section, (partitions + 1) * Float64Array.BYTES_PER_ELEMENT);
  const table: PartitionTable = {
    partitions,
    firstKeys,
    firstTimestamps,
    rawBytes,
    blocks: sums(blocks, partitions, 0),
    data: sums(data, partitions, 0),
    offsets: sums(stored, partitions, dataBytes),
  };
  if ((table.blocks[partitions] as number) > BLOCKS_MAX) throw corruptSection(section, 'too many blocks');
  if (table.data[partitions] !== dataBytes || table.offsets[partitions] !== end) {
    throw corruptSection(section, `partitions do not tile [${dataBytes}, ${end})`);
  }
  return table;
}

/** Returns `count + 1` running sums that begin at `start`. */
function sums(column: Integers, count: number, start: number): Float64Array {
  const result = new Float64Array(count + 1);
  result[0] = start;
  for (let index = 0; index < count; index += 1) {
    result[index + 1] = (result[index] as number) + integerAt(column, index);
  }
  return result;
}
