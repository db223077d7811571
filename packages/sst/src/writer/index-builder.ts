/** The index of a file being written: one entry per finished block. */
import type { BlockBuilder } from '../block/block-builder.ts';
import type { BlockIndexColumns } from '../file/block-index.ts';
import type { SectionSize } from '../file/footer.ts';

/** What the integers of one entry take in the file, roughly. */
const ENTRY_BYTES = 40;

/** Gathers index columns, and the least and greatest times over all blocks. */
export class IndexBuilder {
  blocks = 0;
  minTimestamp: number = Number.POSITIVE_INFINITY;
  maxTimestamp: number = Number.NEGATIVE_INFINITY;
  minEnd: number = Number.POSITIVE_INFINITY;
  maxEnd: number = Number.NEGATIVE_INFINITY;
  /** Roughly how large the index would be in the file. */
  estimatedBytes = 0;
  readonly #firstKeys: Uint8Array[] = [];
  readonly #firstTimestamps: number[] = [];
  readonly #storedBytes: number[] = [];
  readonly #rawBytes: number[] = [];
  readonly #rows: number[] = [];
  readonly #minTimestamps: number[] = [];
  readonly #maxTimestamps: number[] = [];
  readonly #minEnds: number[] = [];
  readonly #maxEnds: number[] = [];
  readonly #statistics: Uint8Array[][];

  /** Creates an empty index with statistics of so many collectors. */
  constructor(collectors: number) {
    this.#statistics = Array.from({ length: collectors }, () => []);
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
    const firstKey = block.keys.slice(0, block.keyOffsets[1]);
    this.#firstKeys.push(firstKey);
    this.#firstTimestamps.push(timestamps[0] as number);
    this.#storedBytes.push(size.stored);
    this.#rawBytes.push(size.raw);
    this.#rows.push(rows);
    this.#minTimestamps.push(minTimestamp);
    this.#maxTimestamps.push(maxTimestamp);
    this.#minEnds.push(minEnd);
    this.#maxEnds.push(maxEnd);
    this.estimatedBytes += ENTRY_BYTES + firstKey.length;
    for (let index = 0; index < statistics.length; index += 1) {
      const bytes = statistics[index] as Uint8Array;
      (this.#statistics[index] as Uint8Array[]).push(bytes);
      this.estimatedBytes += bytes.length;
    }
    this.minTimestamp = Math.min(this.minTimestamp, minTimestamp);
    this.maxTimestamp = Math.max(this.maxTimestamp, maxTimestamp);
    this.minEnd = Math.min(this.minEnd, minEnd);
    this.maxEnd = Math.max(this.maxEnd, maxEnd);
    this.blocks += 1;
  }

  /** Returns the columns in the order of the format. */
  columns(): BlockIndexColumns {
    return {
      firstKeys: this.#firstKeys,
      integers: [
        this.#firstTimestamps,
        this.#storedBytes,
        this.#rawBytes,
        this.#rows,
        this.#minTimestamps,
        this.#maxTimestamps,
        this.#minEnds,
        this.#maxEnds,
      ],
      statistics: this.#statistics,
    };
  }
}
