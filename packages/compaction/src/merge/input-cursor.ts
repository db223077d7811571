/**
 * One cursor over files that are disjoint in keys, opened one after the other as it comes to them.
 *
 *     files      [a ... f)   [f ... p)   [q ... z)
 *                 read        here        not opened
 *
 * It walks the rows of a block by itself, because that is where a merge spends its time: the cursor of the file is only
 * asked for the next block.
 *
 * Invariants:
 * - At most one file is open for reading. Rows outside of a file's bounds are not shown: it may be a clipped view.
 * - It moves forward only.
 */
import { compareBytes, EMPTY_BYTES, invariant } from '@clortho/base';
import {
  BLOCKED,
  type Block,
  END,
  ROW,
  type RowCursor,
  type RowKind,
  type Sst,
  type SstCursor,
  type Step,
  type WorkMemory,
} from '@clortho/sst';
import type { KeyRange } from '../versions/clip-range-deletes.ts';

/** A file to be read: the keys in `range`. */
export interface Input {
  readonly range: KeyRange;
  open(signal: AbortSignal | undefined): Promise<Sst>;
}

/** Shows the rows of several inputs, ascending and disjoint, as one sequence. */
export class InputCursor implements RowCursor {
  keyBytes: Uint8Array = EMPTY_BYTES;
  keyStart = 0;
  keyEnd = 0;
  shared = 0;
  readonly #inputs: readonly Input[];
  readonly #readAheadBytes: number;
  readonly #memory: WorkMemory;
  #index = 0;
  #cursor: SstCursor | undefined;
  #block: Block | undefined;
  #row = 0;
  #rowEnd = 0;

  /** Reads `inputs` in pieces of about `readAheadBytes`, and decodes them into `memory`. */
  constructor(inputs: readonly Input[], readAheadBytes: number, memory: WorkMemory) {
    this.#inputs = inputs;
    this.#readAheadBytes = readAheadBytes;
    this.#memory = memory;
  }

  /** The block of the current row. */
  get block(): Block {
    return this.#block as Block;
  }
  /** Which row of the block the current one is. */
  get row(): number {
    return this.#row;
  }
  get timestamp(): number {
    return this.block.timestampAt(this.#row);
  }
  get endTimestamp(): number {
    return this.block.endAt(this.#row);
  }
  get kind(): RowKind {
    return this.block.kindAt(this.#row);
  }
  get valueBytes(): Uint8Array {
    return this.block.valueBytes;
  }
  get valueStart(): number {
    return this.block.valueStartAt(this.#row);
  }
  get valueEnd(): number {
    return this.block.valueStartAt(this.#row + 1);
  }

  /** Tells whether the row after this one has another key, as far as that is seen at a glance. */
  isLastOfKey(): boolean {
    return this.#row + 1 < this.#rowEnd && this.block.differsFromNext(this.#row);
  }

  seekFirst(): Step {
    this.#close();
    this.#index = 0;
    return this.#inputs.length === 0 ? END : BLOCKED;
  }

  next(): Step {
    const row = this.#row + 1;
    if (row < this.#rowEnd) {
      this.#row = row;
      this.keyStart = this.keyEnd;
      this.keyEnd = this.block.keyStartAt(row + 1);
      this.shared = this.block.shared;
      return ROW;
    }
    return this.#cursor === undefined ? this.#waiting() : this.#settle(this.#cursor.nextBlock());
  }

  async load(signal?: AbortSignal): Promise<Step> {
    if (this.#cursor !== undefined) return this.#settle(await this.#cursor.load(signal));
    const input = this.#inputs[this.#index];
    if (input === undefined) return END;
    const { lower, upper } = input.range;
    const sst = await input.open(signal);
    const { minKey, maxKey } = sst.summary;
    this.#cursor = sst.cursor({
      readAheadBytes: this.#readAheadBytes,
      memory: this.#memory,
      lower: compareBytes(minKey, lower) < 0 ? lower : undefined,
      upper: upper !== undefined && compareBytes(maxKey, upper) >= 0 ? upper : undefined,
    });
    return this.#settle(this.#cursor.seekFirst());
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
    this.#rowEnd = 0;
    this.shared = 0;
    if (step === BLOCKED) return BLOCKED;
    if (step === ROW) {
      const { block, row, rowEnd, keyBytes, keyStart, keyEnd } = this.#cursor as SstCursor;
      this.#block = block;
      this.#row = row;
      this.#rowEnd = rowEnd;
      this.keyBytes = keyBytes;
      this.keyStart = keyStart;
      this.keyEnd = keyEnd;
      return ROW;
    }
    this.#close();
    this.#index += 1;
    return this.#waiting();
  }

  #waiting(): Step {
    return this.#index < this.#inputs.length ? BLOCKED : END;
  }

  #close(): void {
    this.#cursor?.release();
    this.#cursor = undefined;
  }
}

function forwardOnly(): never {
  invariant(false, 'a merge input moves forward from its first row');
}
