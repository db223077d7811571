/** A cursor over rows in an array, which can pretend that every so many moves need a block first. */
import { compareBytes } from '@clortho/base';
import { BLOCKED, END, NEVER, ROW, type Row, type RowCursor, type RowKind, type Step } from '@clortho/sst';

export function sortRows(rows: readonly Row[]): Row[] {
  return [...rows].sort(
    (left, right) => compareBytes(left.key, right.key) || right.timestamp - left.timestamp,
  );
}

export class ArrayCursor implements RowCursor {
  readonly #rows: readonly Row[];
  readonly #blockEvery: number;
  #index = 0;
  #moves = 0;

  /** `blockEvery` 0 never blocks; n blocks on every n-th move. */
  constructor(rows: readonly Row[], blockEvery = 0) {
    this.#rows = sortRows(rows);
    this.#blockEvery = blockEvery;
  }

  get #row(): Row {
    return this.#rows[this.#index] as Row;
  }
  get keyBytes(): Uint8Array {
    return this.#row.key;
  }
  get keyStart(): number {
    return 0;
  }
  get keyEnd(): number {
    return this.#row.key.length;
  }
  get timestamp(): number {
    return this.#row.timestamp;
  }
  get endTimestamp(): number {
    return this.#row.endTimestamp ?? NEVER;
  }
  get kind(): RowKind {
    return this.#row.kind;
  }
  get valueBytes(): Uint8Array {
    return this.#row.value;
  }
  get valueStart(): number {
    return 0;
  }
  get valueEnd(): number {
    return this.#row.value.length;
  }

  seekFirst(): Step {
    return this.#moveTo(0);
  }
  seekLast(): Step {
    return this.#moveTo(this.#rows.length - 1);
  }
  seek(key: Uint8Array, timestamp: number = NEVER): Step {
    const index = this.#rows.findIndex((row) => {
      const order = compareBytes(row.key, key);
      return order > 0 || (order === 0 && row.timestamp <= timestamp);
    });
    return this.#moveTo(index === -1 ? this.#rows.length : index);
  }
  seekBefore(key: Uint8Array): Step {
    const index = this.#rows.findIndex((row) => compareBytes(row.key, key) >= 0);
    return this.#moveTo((index === -1 ? this.#rows.length : index) - 1);
  }
  next(): Step {
    return this.#moveTo(this.#index + 1);
  }
  previous(): Step {
    return this.#moveTo(this.#index - 1);
  }
  load(): Promise<Step> {
    return Promise.resolve(this.#step());
  }

  #moveTo(index: number): Step {
    this.#index = index;
    this.#moves += 1;
    return this.#blockEvery > 0 && this.#moves % this.#blockEvery === 0 ? BLOCKED : this.#step();
  }
  #step(): Step {
    return this.#index >= 0 && this.#index < this.#rows.length ? ROW : END;
  }
}
