/**
 * The index of a file being written: one entry per finished block, cut into partitions as it grows.
 *
 * Invariants:
 * - A file whose entries fit one partition has no table: that partition is its index.
 */
import { copyBytes } from '@clortho/base';
import type { BlockBuilder } from '../block/block-builder.ts';
import { encodeIndexPartition } from '../block-index/index-partition.ts';
import { encodePartitionTable, type PartitionEntry } from '../block-index/partition-table.ts';
import type { Codec } from '../codec/codec.ts';
import type { SectionSize } from '../file/footer.ts';
import { ENVELOPE_BYTES, type Payload, payloadOf } from '../file/stored-block.ts';
import { ByteSink } from '../sink.ts';

/** What the integers of one entry take in the file, roughly. */
const ENTRY_BYTES = 40;

/** The first timestamp, stored bytes, raw bytes, rows, least and greatest timestamp, least and greatest end of a block. */
const INTEGER_COLUMNS = 8;
const STORED_BYTES = 1;

/** Gathers index columns, and the least and greatest times over all blocks. */
export class IndexBuilder {
  blocks = 0;
  minTimestamp: number = Number.POSITIVE_INFINITY;
  maxTimestamp: number = Number.NEGATIVE_INFINITY;
  minEnd: number = Number.POSITIVE_INFINITY;
  maxEnd: number = Number.NEGATIVE_INFINITY;
  /** Roughly how large the index would be in the file. */
  estimatedBytes = 0;
  readonly #codec: Codec;
  readonly #partitionBytes: number;
  readonly #sink: ByteSink = new ByteSink(0);
  /** The partition in progress. */
  #firstKeys: Uint8Array[] = [];
  #integers: number[][] = emptyColumns(INTEGER_COLUMNS);
  #statistics: Uint8Array[][];
  #pendingBytes = 0;
  /** The partitions that were cut: their entries in the table, and their bytes, not yet sealed. */
  readonly #entries: PartitionEntry[] = [];
  readonly #payloads: Payload[] = [];

  /** Creates an empty index with statistics of so many collectors, in partitions of about `partitionBytes`. */
  constructor(collectors: number, codec: Codec, partitionBytes: number) {
    this.#codec = codec;
    this.#partitionBytes = partitionBytes;
    this.#statistics = emptyColumns(collectors);
  }

  /** Adds the entry of a block: its rows, its sizes, and the statistics of each collector. */
  add(block: BlockBuilder, size: SectionSize, statistics: readonly Uint8Array[]): void {
    const { rows, timestamps, ends } = block;
    let minTimestamp = timestamps[0] as number;
    let maxTimestamp = minTimestamp;
    let minEnd = ends[0] as number;
    let maxEnd = minEnd;
    for (let row = 1; row < rows; row += 1) {
      const timestamp = timestamps[row] as number;
      const end = ends[row] as number;
      if (timestamp < minTimestamp) minTimestamp = timestamp;
      if (timestamp > maxTimestamp) maxTimestamp = timestamp;
      if (end < minEnd) minEnd = end;
      if (end > maxEnd) maxEnd = end;
    }
    if (this.#pendingBytes >= this.#partitionBytes) this.#cut();
    const firstKey = copyBytes(block.keys.view(), 0, block.keyOffsets[1]);
    let bytes = ENTRY_BYTES + firstKey.length;
    this.#firstKeys.push(firstKey);
    const facts = [
      timestamps[0] as number,
      size.stored,
      size.raw,
      rows,
      minTimestamp,
      maxTimestamp,
      minEnd,
      maxEnd,
    ];
    for (let column = 0; column < facts.length; column += 1) {
      (this.#integers[column] as number[]).push(facts[column] as number);
    }
    for (let column = 0; column < statistics.length; column += 1) {
      const one = statistics[column] as Uint8Array;
      (this.#statistics[column] as Uint8Array[]).push(one);
      bytes += one.length;
    }
    this.#pendingBytes += bytes;
    this.estimatedBytes += bytes;
    this.minTimestamp = Math.min(this.minTimestamp, minTimestamp);
    this.maxTimestamp = Math.max(this.maxTimestamp, maxTimestamp);
    this.minEnd = Math.min(this.minEnd, minEnd);
    this.maxEnd = Math.max(this.maxEnd, maxEnd);
    this.blocks += 1;
  }

  /**
   * Appends the raw index section to `sink`, and returns the partitions that are stored before it; none where the section is
   * the one partition itself.
   */
  finish(sink: ByteSink): readonly Payload[] {
    if (this.#entries.length === 0) {
      encodeIndexPartition(sink, this.#columns());
      return [];
    }
    this.#cut();
    encodePartitionTable(sink, this.#entries);
    return this.#payloads;
  }

  /** Ends the partition in progress, which has an entry at least. */
  #cut(): void {
    const sink = this.#sink;
    encodeIndexPartition(sink, this.#columns());
    const payload = payloadOf(sink.view(), this.#codec);
    let dataBytes = 0;
    for (const bytes of this.#integers[STORED_BYTES] as number[]) dataBytes += bytes;
    this.#entries.push({
      firstKey: this.#firstKeys[0] as Uint8Array,
      firstTimestamp: this.#integers[0]?.[0] as number,
      storedBytes: payload.bytes.length + ENVELOPE_BYTES,
      rawBytes: sink.offset,
      blocks: this.#firstKeys.length,
      dataBytes,
    });
    this.#payloads.push({ ...payload, bytes: copyBytes(payload.bytes) });
    sink.reset(2 * this.#partitionBytes);
    this.#firstKeys = [];
    this.#integers = emptyColumns(INTEGER_COLUMNS);
    this.#statistics = emptyColumns(this.#statistics.length);
    this.#pendingBytes = 0;
  }

  #columns(): Parameters<typeof encodeIndexPartition>[1] {
    return { firstKeys: this.#firstKeys, integers: this.#integers, statistics: this.#statistics };
  }
}

function emptyColumns<T>(count: number): T[][] {
  return Array.from({ length: count }, () => []);
}
