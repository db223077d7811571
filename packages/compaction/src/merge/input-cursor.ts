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
  ShownRow,
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
export class InputCursor extends ShownRow implements RowCursor {
  readonly #inputs: readonly Input[];
  readonly #readAheadBytes: number;
  #index = 0;
  #cursor: SstCursor | undefined;
  /** Where the file's visible rows end, if it may have rows beyond. */
  #end: Uint8Array | undefined;

  /** Reads `inputs` in pieces of about `readAheadBytes`. */
  constructor(inputs: readonly Input[], readAheadBytes: number) {
    super();
    this.#inputs = inputs;
    this.#readAheadBytes = readAheadBytes;
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

  #settle(step: Step): Step {
    if (step === BLOCKED) return BLOCKED;
    if (step === ROW) {
      this.show(this.#cursor as SstCursor);
      if (!this.#isBeyondEnd()) return ROW;
    }
    this.#close();
    this.#index += 1;
    return this.#waiting();
  }

  #waiting(): Step {
    return this.#index < this.#inputs.length ? BLOCKED : END;
  }

  #isBeyondEnd(): boolean {
    const end = this.#end;
    return (
      end !== undefined && compareSlices(this.keyBytes, this.keyStart, this.keyEnd, end, 0, end.length) >= 0
    );
  }

  #close(): void {
    this.#cursor?.release();
    this.#cursor = undefined;
  }
}

function forwardOnly(): never {
  invariant(false, 'a merge input moves forward from its first row');
}
