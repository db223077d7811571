/**
 * One cursor over files that are disjoint in keys, opened one after the other as it comes to them.
 *
 *     files      [a ... f)   [f ... p)   [q ... z)
 *                 read        here        not opened
 *
 * Invariants:
 * - At most one file is open for reading. Rows outside of a file's bounds are not shown: it may be a clipped view.
 * - It moves forward only.
 */
import { compareBytes, compareSlices, invariant } from '@clortho/base';
import {
  BLOCKED,
  END,
  ROW,
  type RowCursor,
  type RowKind,
  type Sst,
  type SstCursor,
  type Step,
} from '@clortho/sst';
import type { KeyRange } from '../versions/clip-range-deletes.ts';

/** A file to be read: the keys in `range`. */
export interface Input {
  readonly range: KeyRange;
  open(signal: AbortSignal | undefined): Promise<Sst>;
}

/** Shows the rows of several inputs, ascending and disjoint, as one sequence. */
export class InputCursor implements RowCursor {
  readonly #inputs: readonly Input[];
  readonly #readAheadBytes: number;
  #index = 0;
  #cursor: SstCursor | undefined;
  /** Where the file's visible rows end, if it may have rows beyond. */
  #end: Uint8Array | undefined;

  /** Reads `inputs` in pieces of about `readAheadBytes`. */
  constructor(inputs: readonly Input[], readAheadBytes: number) {
    this.#inputs = inputs;
    this.#readAheadBytes = readAheadBytes;
  }

  get keyBytes(): Uint8Array {
    return this.#at.keyBytes;
  }
  get keyStart(): number {
    return this.#at.keyStart;
  }
  get keyEnd(): number {
    return this.#at.keyEnd;
  }
  get timestamp(): number {
    return this.#at.timestamp;
  }
  get endTimestamp(): number {
    return this.#at.endTimestamp;
  }
  get kind(): RowKind {
    return this.#at.kind;
  }
  get valueBytes(): Uint8Array {
    return this.#at.valueBytes;
  }
  get valueStart(): number {
    return this.#at.valueStart;
  }
  get valueEnd(): number {
    return this.#at.valueEnd;
  }

  seekFirst(): Step {
    this.#close();
    this.#index = 0;
    return this.#inputs.length === 0 ? END : BLOCKED;
  }

  next(): Step {
    return this.#cursor === undefined ? this.#waiting() : this.#settle(this.#cursor.next());
  }

  async load(signal?: AbortSignal): Promise<Step> {
    if (this.#cursor !== undefined) return this.#settle(await this.#cursor.load(signal));
    const input = this.#inputs[this.#index];
    if (input === undefined) return END;
    const { lower, upper } = input.range;
    const sst = await input.open(signal);
    this.#end = upper !== undefined && compareBytes(sst.summary.maxKey, upper) >= 0 ? upper : undefined;
    this.#cursor = sst.cursor({ readAheadBytes: this.#readAheadBytes });
    const startsInside = compareBytes(sst.summary.minKey, lower) >= 0;
    return this.#settle(startsInside ? this.#cursor.seekFirst() : this.#cursor.seek(lower));
  }

  seek(): Step {
    return forwardOnly();
  }
  seekLast(): Step {
    return forwardOnly();
  }
  seekBefore(): Step {
    return forwardOnly();
  }
  previous(): Step {
    return forwardOnly();
  }

  get #at(): SstCursor {
    return this.#cursor as SstCursor;
  }

  #settle(step: Step): Step {
    if (step === BLOCKED || (step === ROW && !this.#isBeyondEnd())) return step;
    this.#close();
    this.#index += 1;
    return this.#waiting();
  }

  #waiting(): Step {
    return this.#index < this.#inputs.length ? BLOCKED : END;
  }

  #isBeyondEnd(): boolean {
    const end = this.#end;
    if (end === undefined) return false;
    const { keyBytes, keyStart, keyEnd } = this.#at;
    return compareSlices(keyBytes, keyStart, keyEnd, end, 0, end.length) >= 0;
  }

  #close(): void {
    this.#cursor?.release();
    this.#cursor = undefined;
  }
}

function forwardOnly(): never {
  invariant(false, 'a merge input moves forward from its first row');
}
