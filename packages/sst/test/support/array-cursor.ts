/** A cursor over sorted rows in an array that blocks on chosen moves, to stand in for a file that is not in memory. */
import { compareBytes } from '@clortho/base';
import {
  BLOCKED,
  END,
  NEVER,
  PUT,
  ROW,
  type Row,
  type RowCursor,
  type RowKind,
  type Step,
} from '../../src/row.ts';

export class ArrayCursor implements RowCursor {
  keyBytes: Uint8Array = new Uint8Array(0);
  keyStart = 0;
  keyEnd = 0;
  timestamp = 0;
  endTimestamp: number = NEVER;
  kind: RowKind = PUT;
  valueBytes: Uint8Array = new Uint8Array(0);
  valueStart = 0;
  valueEnd = 0;
  loads = 0;
  readonly #rows: readonly Row[];
  readonly #blocks: () => number;
  #at = -1;
  #pending = 0;

  /** `blocks` says how often a move is blocked before it completes. */
  constructor(rows: readonly Row[], blocks: () => number = () => 0) {
    this.#rows = rows;
    this.#blocks = blocks;
  }

  seekFirst(): Step {
    return this.#move(0);
  }
  seekLast(): Step {
    return this.#move(this.#rows.length - 1);
  }
  seek(key: Uint8Array, timestamp: number = Number.POSITIVE_INFINITY): Step {
    const at = this.#rows.findIndex((row) => (compareBytes(row.key, key) || timestamp - row.timestamp) >= 0);
    return this.#move(at < 0 ? this.#rows.length : at);
  }
  seekBefore(key: Uint8Array): Step {
    return this.#move(this.#rows.findLastIndex((row) => compareBytes(row.key, key) < 0));
  }
  next(): Step {
    return this.#move(Math.min(this.#at + 1, this.#rows.length));
  }
  previous(): Step {
    return this.#move(Math.max(this.#at - 1, -1));
  }
  async load(): Promise<Step> {
    this.loads += 1;
    await Promise.resolve();
    if (--this.#pending > 0) return BLOCKED;
    return this.#show();
  }

  #move(at: number): Step {
    this.#at = at;
    this.#pending = this.#blocks();
    return this.#pending > 0 ? BLOCKED : this.#show();
  }

  #show(): Step {
    const row = this.#rows[this.#at];
    if (row === undefined) return END;
    this.keyBytes = row.key;
    this.keyEnd = row.key.length;
    this.timestamp = row.timestamp;
    this.endTimestamp = row.endTimestamp ?? NEVER;
    this.kind = row.kind;
    this.valueBytes = row.value;
    this.valueEnd = row.value.length;
    return ROW;
  }
}
