/**
 * The operations of a batch on one family, in columns: their bytes back to back, and numbers that say where they lie.
 *
 *     put a 1, del b, merge c 22
 *
 *     bytes         a 1 b c 2 2
 *     keyStarts     0   2 3       6
 *     valueStarts     1   3 4
 *     kinds         put del merge
 *
 * Invariants:
 * - Operations keep their order. A range delete knows how many operations on keys came before it.
 * - The bytes are the batch's own.
 */
import { writeBytes } from '@clortho/base';
import type { RowKind } from '@clortho/sst';
import type { Family } from '../catalog/family.ts';

/** A range delete of `[start, end)`, which is not empty. */
export interface RangeOperation {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  /** How many of the operations on keys came before. */
  readonly before: number;
}

/** See the module. Operation i has the key `bytes[keyStarts[i], valueStarts[i])` and the value up to `keyStarts[i + 1]`. */
export interface FamilyOperations {
  readonly family: Family;
  /** There may be room for more behind the last value. */
  readonly bytes: Uint8Array;
  /** One more than there are operations. */
  readonly keyStarts: readonly number[];
  readonly valueStarts: readonly number[];
  readonly kinds: readonly RowKind[];
  readonly ranges: readonly RangeOperation[];
}

/** The bytes that are set aside at first, at most; from there on it doubles. */
const FIRST_BYTES_MAX = 1024 * 1024;

/** Gathers operations, copying their bytes. */
export class OperationsBuilder implements FamilyOperations {
  readonly family: Family;
  bytes: Uint8Array;
  readonly keyStarts: number[] = [0];
  readonly valueStarts: number[] = [];
  readonly kinds: RowKind[] = [];
  readonly ranges: RangeOperation[] = [];
  #used = 0;

  /** Begins without operations; `bytes` is how many there will be, as far as anybody knows. */
  constructor(family: Family, bytes: number) {
    this.family = family;
    this.bytes = new Uint8Array(Math.min(bytes, FIRST_BYTES_MAX));
  }

  /** Adds an operation on a key. */
  push(kind: RowKind, key: Uint8Array, value: Uint8Array): void {
    const valueStart = this.#used + key.length;
    const end = valueStart + value.length;
    if (end > this.bytes.length) this.#grow(end);
    writeBytes(this.bytes, this.#used, key, 0, key.length);
    writeBytes(this.bytes, valueStart, value, 0, value.length);
    this.kinds.push(kind);
    this.valueStarts.push(valueStart);
    this.keyStarts.push(end);
    this.#used = end;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.#used));
    this.bytes = larger;
  }
}
