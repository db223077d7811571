/**
 * One cursor over the files of a level, which are disjoint and in key order: opens a file when it is reached.
 *
 * Invariants:
 * - At most one file is under the cursor; a file is opened only when a move comes to it.
 */
import { compareBytes } from '@clortho/base';
import type { FileEntry } from '@clortho/manifest';
import {
  BLOCKED,
  type Block,
  END,
  type MayMatch,
  ROW,
  type RowCursor,
  ShownRow,
  type SstCursor,
  type Step,
} from '@clortho/sst';
import type { Tables } from '../view/tables.ts';
import { cursorWithin, isBelowUpper } from './file-bounds.ts';

/** Counts of blocks over all files that the cursor visited. */
export interface BlockCounts {
  blocksRead: number;
  blocksSkipped: number;
}

type Move = (cursor: SstCursor) => Step;

const first: Move = (cursor) => cursor.seekFirst();
const last: Move = (cursor) => cursor.seekLast();

/** See the module. */
export class LevelCursor extends ShownRow implements RowCursor {
  readonly #tables: Tables;
  readonly #files: readonly FileEntry[];
  readonly #mayMatch: MayMatch | undefined;
  readonly #counts: BlockCounts;
  #index = -1;
  #cursor: SstCursor | undefined;
  /** The move to make in the file at `#index` once it is open. */
  #entering: Move = first;
  #forward = true;

  /** `files` are in key order and disjoint. `counts` grows as files are left. */
  constructor(tables: Tables, files: readonly FileEntry[], counts: BlockCounts, mayMatch?: MayMatch) {
    super();
    this.#tables = tables;
    this.#files = files;
    this.#counts = counts;
    this.#mayMatch = mayMatch;
  }

  /** The block that the cursor stands in; `undefined` before the first row and after the last. */
  get block(): Block | undefined {
    return this.#cursor?.block;
  }
  /** Which row of the block it stands on. */
  get row(): number {
    return (this.#cursor as SstCursor).row;
  }
  /** Where the rows of the block end that the file shows. */
  get rowEnd(): number {
    return (this.#cursor as SstCursor).rowEnd;
  }

  seekFirst(): Step {
    this.#forward = true;
    return this.#enter(0, first);
  }

  seekLast(): Step {
    this.#forward = false;
    return this.#enter(this.#files.length - 1, last);
  }

  seek(key: Uint8Array, timestamp?: number): Step {
    this.#forward = true;
    let index = 0;
    while (index < this.#files.length && !isBelowUpper(this.#files[index] as FileEntry, key)) index += 1;
    return this.#enter(index, (cursor) => cursor.seek(key, timestamp));
  }

  seekBefore(key: Uint8Array): Step {
    this.#forward = false;
    let index = this.#files.length - 1;
    while (index >= 0 && compareBytes((this.#files[index] as FileEntry).lower, key) >= 0) index -= 1;
    return this.#enter(index, (cursor) => cursor.seekBefore(key));
  }

  next(): Step {
    this.#forward = true;
    return this.#cursor === undefined ? END : this.#arrive(this.#cursor.next());
  }

  /** Moves to a later row of the block, below `rowEnd`. */
  moveTo(row: number): Step {
    return this.#arrive((this.#cursor as SstCursor).moveTo(row));
  }

  previous(): Step {
    this.#forward = false;
    return this.#cursor === undefined ? END : this.#arrive(this.#cursor.previous());
  }

  async load(signal?: AbortSignal): Promise<Step> {
    if (this.#cursor !== undefined) return this.#arrive(await this.#cursor.load(signal));
    const file = this.#files[this.#index] as FileEntry;
    this.#cursor = cursorWithin(await this.#tables.open(file), file, this.#mayMatch);
    return this.#arrive(this.#entering(this.#cursor));
  }

  /** Lets go of the file under the cursor. */
  release(): void {
    if (this.#cursor === undefined) return;
    this.#counts.blocksRead += this.#cursor.blocksRead;
    this.#counts.blocksSkipped += this.#cursor.blocksSkipped;
    this.#cursor.release();
    this.#cursor = undefined;
  }

  #enter(index: number, move: Move): Step {
    this.release();
    this.#index = index;
    this.#entering = move;
    const file = this.#files[index];
    if (file === undefined) return END;
    const sst = this.#tables.get(file);
    if (sst === undefined) return BLOCKED;
    this.#cursor = cursorWithin(sst, file, this.#mayMatch);
    return this.#arrive(move(this.#cursor));
  }

  #arrive(step: Step): Step {
    if (step === BLOCKED) return BLOCKED;
    if (step === END)
      return this.#forward ? this.#enter(this.#index + 1, first) : this.#enter(this.#index - 1, last);
    this.show(this.#cursor as SstCursor);
    return ROW;
  }
}
