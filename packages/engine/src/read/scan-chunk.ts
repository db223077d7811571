/** Rows of a scan as columns. */
import { concatBytes } from '@clortho/base';
import type { ScanRow } from '../api.ts';

/** The columns of a {@link ScanChunk}. */
export type ScanColumns = Pick<
  ScanChunk,
  'keyBytes' | 'keyStarts' | 'valueBytes' | 'valueStarts' | 'timestamps'
>;

/**
 * Rows next to each other in the order of a scan. Row `i` has the key `keyBytes[keyStarts[i], keyStarts[i + 1])`, the value
 * likewise, and the timestamp `timestamps[i]`.
 *
 * The arrays belong to the caller: nothing else refers to them. They may share one piece of memory, and what
 * {@link ScanChunk.key} and {@link ScanChunk.value} return are views of it.
 */
export class ScanChunk {
  /** How many rows there are, at least 1. */
  readonly length: number;
  /** Keys back to back. */
  readonly keyBytes: Uint8Array;
  /** Where each key starts; one more, where the last one ends. */
  readonly keyStarts: Uint32Array;
  /** Values back to back. */
  readonly valueBytes: Uint8Array;
  /** Where each value starts; one more, where the last one ends. */
  readonly valueStarts: Uint32Array;
  /** Of each row, the commit timestamp of the newest version that contributed. */
  readonly timestamps: Float64Array;
  /** What `subarray` asks of an array, at hand: a view takes half the time. */
  readonly #keyMemory: ArrayBufferLike;
  readonly #keyOffset: number;
  readonly #valueMemory: ArrayBufferLike;
  readonly #valueOffset: number;

  /** Takes ownership of columns. Made by scans. */
  constructor(columns: ScanColumns) {
    this.length = columns.timestamps.length;
    this.keyBytes = columns.keyBytes;
    this.keyStarts = columns.keyStarts;
    this.valueBytes = columns.valueBytes;
    this.valueStarts = columns.valueStarts;
    this.timestamps = columns.timestamps;
    this.#keyMemory = columns.keyBytes.buffer;
    this.#keyOffset = columns.keyBytes.byteOffset;
    this.#valueMemory = columns.valueBytes.buffer;
    this.#valueOffset = columns.valueBytes.byteOffset;
  }

  /** Returns a key as a view. */
  key(row: number): Uint8Array {
    const start = this.keyStarts[row] as number;
    const length = (this.keyStarts[row + 1] as number) - start;
    return new Uint8Array(this.#keyMemory, this.#keyOffset + start, length);
  }

  /** Returns a value as a view. */
  value(row: number): Uint8Array {
    const start = this.valueStarts[row] as number;
    const length = (this.valueStarts[row + 1] as number) - start;
    return new Uint8Array(this.#valueMemory, this.#valueOffset + start, length);
  }

  /** Returns a row, key and value as views. */
  row(row: number): ScanRow {
    return { key: this.key(row), value: this.value(row), timestamp: this.timestamps[row] as number };
  }
}

/** Returns rows as a chunk. */
export function chunkOf(rows: readonly ScanRow[]): ScanChunk {
  return new ScanChunk({
    keyBytes: concatBytes(rows.map(({ key }) => key)),
    keyStarts: startsOf(rows.map(({ key }) => key.length)),
    valueBytes: concatBytes(rows.map(({ value }) => value)),
    valueStarts: startsOf(rows.map(({ value }) => value.length)),
    timestamps: Float64Array.from(rows, ({ timestamp }) => timestamp),
  });
}

function startsOf(lengths: readonly number[]): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, row) => {
    starts[row + 1] = (starts[row] as number) + length;
  });
  return starts;
}
