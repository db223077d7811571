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
import { writeBytes } from '@clortho/base';
import { encodeIntegers } from '../column/integers.ts';
import { encodeKeys } from '../column/keys.ts';
import { grown, grownNumbers } from '../growth.ts';
import type { RowKind } from '../row.ts';
import type { ByteSink } from '../sink.ts';
import { INTEGER_COLUMNS } from './integer-columns.ts';

/** What each row counts besides its bytes, so that blocks of tiny rows are bounded too. */
const ROW_OVERHEAD_BYTES = 12;

/** Gathers the rows of one block after the other. Fields are for reading. */
export class BlockBuilder {
  rows = 0;
  keys: Uint8Array = new Uint8Array(256);
  /** Row i's key is `keys[keyOffsets[i], keyOffsets[i + 1])`. */
  keyOffsets: Float64Array = new Float64Array(17);
  timestamps: Float64Array = new Float64Array(16);
  ends: Float64Array = new Float64Array(16);
  kinds: Float64Array = new Float64Array(16);
  values: Uint8Array = new Uint8Array(1024);
  valueLengths: Float64Array = new Float64Array(16);
  keysEnd = 0;
  valuesEnd = 0;

  /** How large the block is: bytes of expanded keys and values and a little per row. */
  get weight(): number {
    return rowsWeight(this.rows, this.keysEnd + this.valuesEnd);
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
    const keysEnd = this.keysEnd + keyEnd - keyStart;
    const valuesEnd = this.valuesEnd + valueEnd - valueStart;
    if (keysEnd > this.keys.length) this.keys = grown(this.keys, this.keysEnd, keysEnd);
    if (valuesEnd > this.values.length) this.values = grown(this.values, this.valuesEnd, valuesEnd);
    writeBytes(this.keys, this.keysEnd, keyBytes, keyStart, keyEnd);
    writeBytes(this.values, this.valuesEnd, valueBytes, valueStart, valueEnd);
    this.keyOffsets[row + 1] = keysEnd;
    this.timestamps[row] = timestamp;
    this.ends[row] = endTimestamp;
    this.kinds[row] = kind;
    this.valueLengths[row] = valueEnd - valueStart;
    this.keysEnd = keysEnd;
    this.valuesEnd = valuesEnd;
    this.rows = row + 1;
  }

  /** Appends the encoded block to `sink`. */
  encode(sink: ByteSink): void {
    sink.varint(this.rows);
    for (const column of INTEGER_COLUMNS) encodeIntegers(sink, this[column], this.rows);
    encodeKeys(sink, this.keys, this.keyOffsets, this.rows);
    sink.copy(this.values, 0, this.valuesEnd);
  }

  /** Forgets the rows; gives memory that one huge row took back when it exceeds `capacityMax` bytes. */
  reset(capacityMax: number): void {
    this.rows = 0;
    this.keysEnd = 0;
    this.valuesEnd = 0;
    if (this.keys.length > capacityMax) this.keys = new Uint8Array(capacityMax);
    if (this.values.length > capacityMax) this.values = new Uint8Array(capacityMax);
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

/** Returns the weight of `rows` rows whose keys and values take `bytes` bytes. */
export function rowsWeight(rows: number, bytes: number): number {
  return bytes + rows * ROW_OVERHEAD_BYTES;
}
