/**
 * Rows on their way into a block: gathered in columns, encoded when the block is full.
 *
 *     +--------+------------+------------+----------+----------+------------------+-------------+
 *     | rows   | timestamps | ends       | kinds    | values'  | keys             | values      |
 *     | varint | (integers) | (integers) | (ints)   | lengths  | (key column)     | back to back|
 *     +--------+------------+------------+----------+----------+------------------+-------------+
 *
 * Values come last, as they are: a reader of an uncompressed block uses them in place.
 *
 * Invariants:
 * - Rows are pushed in order; the builder trusts its caller on that.
 * - The arrays are used again for the next block, so a writer allocates per block, never per row.
 */
import { encodeIntegers } from '../column/integers.ts';
import { encodeKeys } from '../column/keys.ts';
import { grownNumbers } from '../growth.ts';
import type { RowKind } from '../row.ts';
import type { ByteSink } from '../sink.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import { INTEGER_COLUMNS } from './integer-columns.ts';
import type { WorkMemory } from './work-memory.ts';

/** What each row counts besides its bytes, so that blocks of tiny rows are bounded too. */
const ROW_OVERHEAD_BYTES = 12;

/** Gathers the rows of one block after the other. Fields are for reading. */
export class BlockBuilder {
  rows = 0;
  readonly keys: GatheredBytes = new GatheredBytes(256);
  /** Row i's key is at `[keyOffsets[i], keyOffsets[i + 1])` of the keys. */
  keyOffsets: Float64Array = new Float64Array(17);
  timestamps: Float64Array = new Float64Array(16);
  ends: Float64Array = new Float64Array(16);
  kinds: Float64Array = new Float64Array(16);
  readonly values: GatheredBytes = new GatheredBytes(1024);
  valueLengths: Float64Array = new Float64Array(16);

  /** How large the block is: bytes of expanded keys and values and a little per row. */
  get weight(): number {
    return this.weightWith(0, 0);
  }

  /** Returns how large the block would be with so many rows of so many bytes more. */
  weightWith(rows: number, bytes: number): number {
    return this.keys.length + this.values.length + bytes + (this.rows + rows) * ROW_OVERHEAD_BYTES;
  }

  /** Appends a row, copying its bytes. */
  push(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    timestamp: number,
    endTimestamp: number,
    kind: RowKind,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const row = this.rows;
    if (row === this.timestamps.length) this.#growRows();
    this.keys.append(keyBytes, keyStart, keyEnd);
    this.values.append(valueBytes, valueStart, valueEnd);
    this.keyOffsets[row + 1] = this.keys.length;
    this.timestamps[row] = timestamp;
    this.ends[row] = endTimestamp;
    this.kinds[row] = kind;
    this.valueLengths[row] = valueEnd - valueStart;
    this.rows = row + 1;
  }

  /** Appends the encoded block to `sink`. */
  encode(sink: ByteSink): void {
    sink.varint(this.rows);
    for (const column of INTEGER_COLUMNS) encodeIntegers(sink, this[column], this.rows);
    encodeKeys(sink, this.keys.view(), this.keyOffsets, this.rows);
    sink.copy(this.values.bytes, this.values.start, this.values.end);
  }

  /** Forgets the rows; see {@link GatheredBytes.reset}. */
  reset(capacityMax: number, memory?: WorkMemory): void {
    this.rows = 0;
    this.keys.reset(capacityMax, memory);
    this.values.reset(capacityMax, memory);
  }

  #growRows(): void {
    const rows = this.timestamps.length * 2;
    this.keyOffsets = grownNumbers(this.keyOffsets, rows + 1);
    this.timestamps = grownNumbers(this.timestamps, rows);
    this.ends = grownNumbers(this.ends, rows);
    this.kinds = grownNumbers(this.kinds, rows);
    this.valueLengths = grownNumbers(this.valueLengths, rows);
  }
}
