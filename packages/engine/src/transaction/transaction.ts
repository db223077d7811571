/**
 * A transaction in progress: reads of one view, writes that wait for the commit.
 *
 * Invariants:
 * - All reads see one cut across shards, and the transaction's own writes on top of it.
 * - Nothing of it is visible to others, or durable, before it commits.
 */
import { ClorthoError, compareBytes, type KeyInterval, throwIfAborted } from '@clortho/base';
import type { Bytes, CallOptions, KeyRange, Operation, ScanRow } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { ownedKeyBytes } from '../input/bytes.ts';
import { keyIntervalOf, ownedRange } from '../input/range.ts';
import type { Reader } from '../read/reader.ts';
import type { StoreView } from '../view/store-view.ts';
import { type Effect, PendingWrites, valueAfter } from './pending-writes.ts';
import { RangeRead, ReadSet } from './read-set.ts';

/** Options of a read in a transaction. */
export interface TransactionReadOptions extends CallOptions {
  readonly family?: string | undefined;
}

/** Options of a scan in a transaction. */
export interface TransactionScanOptions extends TransactionReadOptions, KeyRange {
  readonly reverse?: boolean | undefined;
  readonly limit?: number | undefined;
}

/** The timestamp of a row that the transaction itself has written: it has none yet. */
export const UNCOMMITTED: number = Number.POSITIVE_INFINITY;

/** Reads and writes that take effect together or not at all; see {@link Store.transact}. */
export class Transaction {
  readonly #view: StoreView;
  readonly #reader: Reader;
  readonly #familyOf: (name: string | undefined) => Family;
  readonly #reads: ReadSet;
  readonly #writes: PendingWrites;
  #ended = false;

  /** Made by {@link Store.transact}; reads `view` through `reader`. */
  constructor(view: StoreView, reader: Reader, familyOf: (name: string | undefined) => Family) {
    this.#view = view;
    this.#reader = reader;
    this.#familyOf = familyOf;
    this.#reads = new ReadSet(view);
    this.#writes = new PendingWrites(familyOf);
  }

  /** Returns the value of a key, a copy, or `undefined`. */
  async get(key: Bytes, options: TransactionReadOptions = {}): Promise<Uint8Array | undefined> {
    this.#check(options);
    const family = this.#familyOf(options.family);
    const own = ownedKeyBytes(key);
    const effect = this.#writes.effectOn(family, own);
    if (effect.kind === 'absent' || effect.kind === 'value') return valueAfter(family, effect, undefined);
    const found = await this.#reader.rowIn(this.#view, family, own, options.signal);
    this.#reads.addPoint(family, own, found?.timestamp);
    return valueAfter(family, effect, found?.value);
  }

  /** Returns the values of keys, in their order. */
  async getMany(
    keys: readonly Bytes[],
    options: TransactionReadOptions = {},
  ): Promise<(Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(key, options)));
  }

  /** Yields the rows of a range in key order; those that the transaction wrote have {@link UNCOMMITTED} as timestamp. */
  scan(options: TransactionScanOptions = {}): AsyncGenerator<ScanRow> {
    this.#check(options);
    return this.#scan(this.#familyOf(options.family), keyIntervalOf(ownedRange(options)), options);
  }

  /** Puts a value when the transaction commits. Throws `CLORTHO_INVALID`. */
  put(key: Bytes, value: Bytes, options: { readonly family?: string | undefined } = {}): void {
    this.#add({ type: 'put', key, value, family: options.family });
  }

  /** Deletes a key when the transaction commits. Throws `CLORTHO_INVALID`. */
  del(key: Bytes, options: { readonly family?: string | undefined } = {}): void {
    this.#add({ type: 'del', key, family: options.family });
  }

  /** Merges an operand into a value when the transaction commits, without reading it. Throws `CLORTHO_INVALID`. */
  merge(key: Bytes, value: Bytes, options: { readonly family?: string | undefined } = {}): void {
    this.#add({ type: 'merge', key, value, family: options.family });
  }

  /** Deletes the keys of `[start, end)` when the transaction commits, without reading them. Throws `CLORTHO_INVALID`. */
  deleteRange(start: Bytes, end: Bytes, options: { readonly family?: string | undefined } = {}): void {
    this.#add({ type: 'deleteRange', start, end, family: options.family });
  }

  /** What was read, for the commit. */
  get reads(): ReadSet {
    return this.#reads;
  }

  /** What is to be written, for the commit. */
  get operations(): readonly Operation[] {
    return this.#writes.operations;
  }

  /** Ends the transaction for its user: later calls throw `CLORTHO_CLOSED`. */
  end(): void {
    this.#ended = true;
  }

  #add(operation: Operation): void {
    this.#check({});
    this.#writes.add(operation);
  }

  async *#scan(
    family: Family,
    interval: KeyInterval,
    { reverse = false, limit = Number.POSITIVE_INFINITY, signal }: TransactionScanOptions,
  ): AsyncGenerator<ScanRow> {
    if (!(limit >= 0)) throw new ClorthoError('CLORTHO_INVALID', `limit is zero or more: limit=${limit}`);
    const range = new RangeRead(family, interval, reverse);
    this.#reads.addRange(range);
    let left = limit;
    if (left === 0) return;
    for await (const row of this.#overlaid(family, interval, range, signal)) {
      left -= 1;
      yield row;
      this.#check({ signal });
      if (left === 0) return;
    }
  }

  /** Yields the rows of the store with the transaction's own writes in their places. */
  async *#overlaid(
    family: Family,
    interval: KeyInterval,
    range: RangeRead,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ScanRow> {
    const { reverse } = range;
    const keys = this.#writes.keysIn(family, interval);
    if (reverse) keys.reverse();
    let next = 0;
    for await (const { key, value, timestamp } of this.#reader.rowsIn(this.#view, family, interval, {
      reverse,
      signal,
    })) {
      range.row(key, timestamp);
      for (; next < keys.length; next += 1) {
        const own = keys[next] as Uint8Array;
        const order = reverse ? compareBytes(key, own) : compareBytes(own, key);
        if (order >= 0) break;
        yield* this.#ownRow(family, own, this.#writes.effectOn(family, own));
      }
      if (next < keys.length && compareBytes(keys[next] as Uint8Array, key) === 0) next += 1;
      const effect = this.#writes.effectOn(family, key);
      const shown = valueAfter(family, effect, value);
      if (shown === undefined) continue;
      yield { key, value: shown, timestamp: effect.kind === 'untouched' ? timestamp : UNCOMMITTED };
    }
    range.end();
    for (; next < keys.length; next += 1) {
      const own = keys[next] as Uint8Array;
      yield* this.#ownRow(family, own, this.#writes.effectOn(family, own));
    }
  }

  /** Yields the row of a key that the store does not have. */
  *#ownRow(family: Family, key: Uint8Array, effect: Effect): Generator<ScanRow> {
    const value = valueAfter(family, effect, undefined);
    if (value !== undefined) yield { key: new Uint8Array(key), value, timestamp: UNCOMMITTED };
  }

  #check({ signal }: CallOptions): void {
    throwIfAborted(signal);
    if (this.#ended) throw new ClorthoError('CLORTHO_CLOSED', 'the transaction has ended');
  }
}
