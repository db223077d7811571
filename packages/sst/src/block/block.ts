/**
 * A decoded block: rows as columns in memory, made once when the block is loaded, then only read.
 *
 *     key bytes   [k0 k1 k2 ...]                 expanded, contiguous: compared in place
 *     value bytes [.. v0 v1 ...]                 wherever the codec put them
 *     row table   [w0 k0 v0  w1 k1 v1  ...]      of each row: the window of its key, where key and value start
 *     timestamps, ends, kinds                    an array, or one number for all rows
 *
 * Invariants:
 * - Immutable: views of its arrays stay valid for as long as they are referenced, whatever the cache does.
 */
import type { Integers } from '../column/integers.ts';
import { KEY_START, type Keys, keysWeight, ROW_NUMBERS, VALUE_START } from '../column/keys.ts';
import { countBefore } from '../column/search-keys.ts';
import type { RowKind } from '../row.ts';

/** What an object and its typed arrays cost besides their elements, roughly. */
const OVERHEAD_BYTES = 600;

/** The rows of one data block; see {@link Sst.cursor} for reading them in order. */
export class Block implements Keys {
  /** How many rows there are, at least 1. */
  readonly rows: number;
  readonly shared: number;
  readonly table: Uint32Array;
  /** The keys back to back. */
  readonly keyBytes: Uint8Array;
  /** The array that has the values. */
  readonly valueBytes: Uint8Array;
  /** What a cache charges for the block, in bytes. */
  readonly weight: number;
  readonly #timestamps: Integers;
  /** The arrays of columns that are not constant, at hand: a column as an object would be one more place to touch. */
  readonly #timestampValues: Float64Array | undefined;
  readonly #endValues: Float64Array | undefined;
  readonly #timestamp: number;
  readonly #end: number;
  readonly #kinds: Uint8Array | undefined;
  readonly #kind: RowKind;

  /** Takes ownership of decoded columns of equal length; the row table of the keys has the starts of the values. */
  constructor(keys: Keys, timestamps: Integers, ends: Integers, kinds: Integers, valueBytes: Uint8Array) {
    this.rows = keys.rows;
    this.shared = keys.shared;
    this.table = keys.table;
    this.keyBytes = keys.keyBytes;
    this.valueBytes = valueBytes;
    this.#timestamps = timestamps;
    this.#timestampValues = timestamps.values;
    this.#endValues = ends.values;
    this.#timestamp = timestamps.constant;
    this.#end = ends.constant;
    this.#kinds = kinds.values === undefined ? undefined : Uint8Array.from(kinds.values);
    this.#kind = kinds.constant as RowKind;
    this.weight =
      OVERHEAD_BYTES +
      keysWeight(keys) +
      valueBytes.length +
      (timestamps.values?.byteLength ?? 0) +
      (ends.values?.byteLength ?? 0) +
      (this.#kinds?.byteLength ?? 0);
  }

  /** Returns where the key of a row starts in `keyBytes`; for `rows`, where the last one ends. */
  keyStartAt(row: number): number {
    return this.table[row * ROW_NUMBERS + KEY_START] as number;
  }

  /** Returns where the value of a row starts in `valueBytes`; for `rows`, where the last one ends. */
  valueStartAt(row: number): number {
    return this.table[row * ROW_NUMBERS + VALUE_START] as number;
  }

  /** Tells whether a row, which is not the last, has another key than the next one: surely, if it says so. */
  differsFromNext(row: number): boolean {
    return this.table[row * ROW_NUMBERS] !== this.table[(row + 1) * ROW_NUMBERS];
  }

  /** Returns the timestamp of a row. */
  timestampAt(row: number): number {
    const values = this.#timestampValues;
    return values === undefined ? this.#timestamp : (values[row] as number);
  }

  /** Returns the end timestamp of a row. */
  endAt(row: number): number {
    const values = this.#endValues;
    return values === undefined ? this.#end : (values[row] as number);
  }

  /** Returns the kind of a row. */
  kindAt(row: number): RowKind {
    return this.#kinds === undefined ? this.#kind : (this.#kinds[row] as RowKind);
  }

  /**
   * Returns the first row of a key above `key`, or of `key` itself with a timestamp at or below `timestamp`;
   * `rows` if there is none. With `Infinity` that is the first row of a key at or above, with `-Infinity` of a
   * key above.
   */
  lowerBound(key: Uint8Array, timestamp: number): number {
    return countBefore(this, this.#timestamps, key, timestamp, false);
  }
}
