/**
 * A decoded block: rows as columns in memory, made once when the block is loaded, then only read.
 *
 *     keys        [k0 k1 k2 ...]  keyOffsets   [0, .., n]     expanded, contiguous: compared in place
 *     values      [.. v0 v1 ...]  valueOffsets [s, .., e]     values are wherever the codec put them
 *     timestamps, ends, kinds                                 an array, or one number for all rows
 *
 * Invariants:
 * - Immutable: views of its arrays stay valid for as long as they are referenced, whatever the cache does.
 */
import { type Integers, integerAt } from '../column/integers.ts';
import { type Keys, keysWeight } from '../column/keys.ts';
import { countBefore } from '../column/search-keys.ts';
import type { RowKind } from '../row.ts';

/** What an object and its typed arrays cost besides their elements, roughly. */
const OVERHEAD_BYTES = 600;

/** The rows of one data block; see {@link Sst.cursor} for reading them in order. */
export class Block {
  /** How many rows there are, at least 1. */
  readonly rows: number;
  /** Row i's key is `keys[keyOffsets[i], keyOffsets[i + 1])`. */
  readonly keys: Uint8Array;
  readonly keyOffsets: Uint32Array;
  /** Row i's value is `values[valueOffsets[i], valueOffsets[i + 1])`. */
  readonly values: Uint8Array;
  readonly valueOffsets: Uint32Array;
  /** What a cache charges for the block, in bytes. */
  readonly weight: number;
  readonly #keys: Keys;
  readonly #timestamps: Integers;
  readonly #ends: Integers;
  readonly #kinds: Uint8Array | undefined;
  readonly #kind: RowKind;

  /** Takes ownership of decoded columns; `timestamp` replaces the column of a file that stores none. */
  constructor(columns: BlockColumns) {
    const { keys, timestamps, ends, kinds, values, valueOffsets } = columns;
    this.rows = keys.offsets.length - 1;
    this.keys = keys.bytes;
    this.keyOffsets = keys.offsets;
    this.values = values;
    this.valueOffsets = valueOffsets;
    this.#keys = keys;
    this.#timestamps = timestamps;
    this.#ends = ends;
    this.#kinds = kinds.values === undefined ? undefined : Uint8Array.from(kinds.values);
    this.#kind = kinds.constant as RowKind;
    this.weight =
      OVERHEAD_BYTES +
      keysWeight(keys) +
      values.length +
      valueOffsets.byteLength +
      (timestamps.values?.byteLength ?? 0) +
      (ends.values?.byteLength ?? 0) +
      (this.#kinds?.byteLength ?? 0);
  }

  /** Returns the timestamp of a row. */
  timestampAt(row: number): number {
    return integerAt(this.#timestamps, row);
  }

  /** Returns the end timestamp of a row. */
  endAt(row: number): number {
    return integerAt(this.#ends, row);
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
    return countBefore(this.#keys, this.#timestamps, key, timestamp, false);
  }
}

/** Decoded columns of equal length. */
export interface BlockColumns {
  readonly keys: Keys;
  readonly timestamps: Integers;
  readonly ends: Integers;
  readonly kinds: Integers;
  readonly values: Uint8Array;
  readonly valueOffsets: Uint32Array;
}
