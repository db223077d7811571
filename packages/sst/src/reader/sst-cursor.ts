/**
 * A cursor over the rows of one file.
 *
 *     move --> arrive at a block --resident?--> find the row --> ROW
 *                 ^        |no                      | no such row here
 *                 |        v                        v
 *                 |     BLOCKED -- load() --.    next or previous block
 *                 '------------------------<'-------'
 *
 * A move sets where it wants to be: a block, and what to look for there. If the block must be loaded first, that
 * wish stays until `load()` completes it.
 *
 * A cursor with bounds knows from the index which blocks can hold rows within them: it never loads another.
 *
 * Invariants:
 * - A move within a resident block allocates nothing.
 * - After {@link END} the cursor stands before the first or after the last row: a move the other way comes back.
 */
import { EMPTY_BYTES } from '@clortho/base';
import type { Block } from '../block/block.ts';
import type { WorkMemory } from '../block/work-memory.ts';
import type { BlockIndex } from '../block-index/block-index.ts';
import type { MayMatch } from '../collector/collector.ts';
import { integerAt } from '../column/integers.ts';
import { BLOCKED, END, NEVER, PUT, ROW, type RowCursor, type RowKind, type Step } from '../row.ts';
import type { BlockReader } from './block-reader.ts';
import type { SstCursorOptions } from './cursor-options.ts';
import { ReadAhead } from './read-ahead.ts';
import type { FileStatistics } from './statistics.ts';

/** What to look for in the block that the cursor wants to be in. */
const FIRST = 0;
const LAST = 1;
const LOWER_BOUND = 2;
const BEFORE = 3;
type Wish = typeof FIRST | typeof LAST | typeof LOWER_BOUND | typeof BEFORE;

/** Walks the rows of one file; see {@link RowCursor} for the moves. */
export class SstCursor implements RowCursor {
  keyBytes: Uint8Array = EMPTY_BYTES;
  keyStart = 0;
  keyEnd = 0;
  timestamp = 0;
  endTimestamp: number = NEVER;
  kind: RowKind = PUT;
  valueBytes: Uint8Array = EMPTY_BYTES;
  valueStart = 0;
  valueEnd = 0;
  /** How many blocks were passed over because their statistics did not match. */
  blocksSkipped = 0;
  /** How many blocks were entered. */
  blocksRead = 0;

  readonly #index: BlockIndex;
  readonly #blocks: BlockReader;
  readonly #statistics: FileStatistics;
  readonly #mayMatch: MayMatch | undefined;
  readonly #ahead: ReadAhead;
  readonly #memory: WorkMemory | undefined;
  readonly #lower: Uint8Array | undefined;
  readonly #upper: Uint8Array | undefined;
  readonly #asOf: number;
  /** The blocks that can hold rows within the bounds: `[#firstBlock, #endBlock)`. */
  readonly #firstBlock: number;
  readonly #endBlock: number;
  readonly #pool: SstCursor[] | undefined;
  readonly #poolMax: number;
  /** The block that the cursor is in and its ordinal; `undefined` before the first and after the last. */
  #block: Block | undefined;
  #ordinal: number;
  #row = 0;
  /** The rows of the block that are within the bounds. */
  #rowStart = 0;
  #rowEnd = 0;
  /** Where the cursor wants to be while it waits for `load()`. */
  #waiting = false;
  #wish: Wish = FIRST;
  #wishOrdinal = -1;
  #wishKey: Uint8Array = EMPTY_BYTES;
  #wishTimestamp = 0;

  /** Made by {@link Sst.cursor}; returns to `pool`, if there is one, when it is released. */
  constructor(
    index: BlockIndex,
    blocks: BlockReader,
    statistics: FileStatistics,
    options: SstCursorOptions,
    pool: SstCursor[] | undefined,
    poolMax: number,
  ) {
    this.#index = index;
    this.#blocks = blocks;
    this.#statistics = statistics;
    const { mayMatch, readAheadBytes = 0, lower, upper, asOf = Number.POSITIVE_INFINITY } = options;
    this.#mayMatch = mayMatch;
    this.#ahead = new ReadAhead(index, blocks, readAheadBytes, options.memory);
    this.#memory = options.memory;
    this.#lower = lower;
    this.#upper = upper;
    // At the end of time nothing has begun later, and what has no end has not ended.
    this.#asOf = asOf < NEVER ? asOf : Number.POSITIVE_INFINITY;
    this.#firstBlock = lower === undefined ? 0 : Math.max(0, index.find(lower, Number.POSITIVE_INFINITY));
    this.#endBlock = upper === undefined ? index.blocks : index.find(upper, Number.POSITIVE_INFINITY) + 1;
    this.#ordinal = this.#firstBlock - 1;
    this.#pool = pool;
    this.#poolMax = poolMax;
  }

  /** The block that the cursor stands in; `undefined` before the first row and after the last. */
  get block(): Block | undefined {
    return this.#block;
  }
  /** Which row of the block it stands on. */
  get row(): number {
    return this.#row;
  }
  /** Where the rows of the block that are within the bounds end. */
  get rowEnd(): number {
    return this.#rowEnd;
  }

  seekFirst(): Step {
    return this.#arrive(this.#firstBlock, FIRST);
  }

  seekLast(): Step {
    return this.#arrive(this.#endBlock - 1, LAST);
  }

  seek(key: Uint8Array, timestamp: number = Number.POSITIVE_INFINITY): Step {
    this.#wishKey = key;
    this.#wishTimestamp = timestamp;
    const ordinal = this.#index.find(key, timestamp);
    return ordinal < this.#firstBlock
      ? this.#arrive(this.#firstBlock, FIRST)
      : this.#arrive(ordinal, LOWER_BOUND);
  }

  seekBefore(key: Uint8Array): Step {
    this.#wishKey = key;
    // Before all versions of the key: the last block whose first key is below it.
    const ordinal = this.#index.find(key, Number.POSITIVE_INFINITY);
    return ordinal >= this.#endBlock ? this.#arrive(this.#endBlock - 1, LAST) : this.#arrive(ordinal, BEFORE);
  }

  next(): Step {
    if (this.#waiting) return this.#arrive(this.#wishOrdinal, this.#wish);
    const block = this.#block;
    if (block !== undefined) {
      const row = this.#visible(block, this.#row + 1, 1);
      if (row < this.#rowEnd) return this.#show(block, row);
    }
    return this.nextBlock();
  }

  /** Moves to the first row of the next block that has one. */
  nextBlock(): Step {
    if (this.#waiting) return this.#arrive(this.#wishOrdinal, this.#wish);
    return this.#arrive(Math.min(this.#ordinal + 1, this.#endBlock), FIRST);
  }

  /** Moves to another row of the block, which must be within the bounds and visible at the cursor's time. */
  moveTo(row: number): Step {
    return this.#show(this.#block as Block, row);
  }

  previous(): Step {
    if (this.#waiting) return this.#arrive(this.#wishOrdinal, this.#wish);
    const block = this.#block;
    if (block !== undefined) {
      const row = this.#visible(block, this.#row - 1, -1);
      if (row >= this.#rowStart) return this.#show(block, row);
    }
    return this.#arrive(Math.max(this.#ordinal - 1, this.#firstBlock - 1), LAST);
  }

  async load(signal?: AbortSignal): Promise<Step> {
    if (!this.#waiting) return this.#block === undefined ? END : ROW;
    const ordinal = this.#wishOrdinal;
    this.#enter(ordinal, await this.#fetch(ordinal, signal));
    return this.#arrive(ordinal, this.#wish);
  }

  /** Gives the cursor back: it must not be used afterwards. What its positions showed stays valid. */
  release(): void {
    this.#block = undefined;
    this.#ordinal = this.#firstBlock - 1;
    this.#waiting = false;
    this.blocksSkipped = 0;
    this.blocksRead = 0;
    this.#ahead.clear();
    if (this.#pool !== undefined && this.#pool.length < this.#poolMax) this.#pool.push(this);
  }

  /** Moves to the wish in block `start`, or in the nearest block beyond it that has and may show a row. */
  #arrive(start: number, begin: Wish): Step {
    let ordinal = start;
    let wish = begin;
    this.#waiting = false;
    for (;;) {
      if (ordinal < this.#firstBlock || ordinal >= this.#endBlock) return this.#leave(ordinal);
      const backward = wish === LAST || wish === BEFORE;
      if (this.#mayShow(ordinal)) {
        const block = ordinal === this.#ordinal ? this.#block : this.#resident(ordinal);
        if (block === undefined) return this.#wait(ordinal, wish);
        if (ordinal !== this.#ordinal) this.#enter(ordinal, block);
        const row = this.#visible(block, this.#find(block, wish), backward ? -1 : 1);
        if (row >= this.#rowStart && row < this.#rowEnd) return this.#show(block, row);
      } else {
        this.blocksSkipped += 1;
      }
      ordinal += backward ? -1 : 1;
      wish = backward ? LAST : FIRST;
    }
  }

  /** Tells whether a block may have a row to show, by its statistics and times. */
  #mayShow(ordinal: number): boolean {
    const asOf = this.#asOf;
    if (asOf !== Number.POSITIVE_INFINITY) {
      const { firstBlock, minTimestamps, maxEnds } = this.#index.partitionOf(ordinal);
      const entry = ordinal - firstBlock;
      if (integerAt(minTimestamps, entry) > asOf || integerAt(maxEnds, entry) <= asOf) return false;
    }
    return this.#mayMatch === undefined || this.#mayMatch(this.#statistics.block(ordinal));
  }

  /** Returns the row to begin with, which may lie beyond the rows of the block, on either side. */
  #find(block: Block, wish: Wish): number {
    if (wish === FIRST) return this.#rowStart;
    if (wish === LAST) return this.#rowEnd - 1;
    if (wish === LOWER_BOUND)
      return Math.max(this.#rowStart, block.lowerBound(this.#wishKey, this.#wishTimestamp));
    return Math.min(this.#rowEnd, block.lowerBound(this.#wishKey, Number.POSITIVE_INFINITY)) - 1;
  }

  /** Returns the nearest row from `row` on, in steps of `direction`, that began by the time of the cursor and lasted. */
  #visible(block: Block, row: number, direction: 1 | -1): number {
    const asOf = this.#asOf;
    let at = row;
    if (asOf === Number.POSITIVE_INFINITY) return at;
    while (
      at >= this.#rowStart &&
      at < this.#rowEnd &&
      (block.timestampAt(at) > asOf || block.endAt(at) <= asOf)
    ) {
      at += direction;
    }
    return at;
  }

  #show(block: Block, row: number): Step {
    this.#row = row;
    this.keyBytes = block.keyBytes;
    this.keyStart = block.keyStartAt(row);
    this.keyEnd = block.keyStartAt(row + 1);
    this.timestamp = block.timestampAt(row);
    this.endTimestamp = block.endAt(row);
    this.kind = block.kindAt(row);
    this.valueBytes = block.valueBytes;
    this.valueStart = block.valueStartAt(row);
    this.valueEnd = block.valueStartAt(row + 1);
    return ROW;
  }

  #enter(ordinal: number, block: Block): void {
    const { rows } = block;
    const lower = ordinal === this.#firstBlock ? this.#lower : undefined;
    const upper = ordinal === this.#endBlock - 1 ? this.#upper : undefined;
    this.#rowStart = lower === undefined ? 0 : block.lowerBound(lower, Number.POSITIVE_INFINITY);
    this.#rowEnd = upper === undefined ? rows : block.lowerBound(upper, Number.POSITIVE_INFINITY);
    this.#block = block;
    this.#ordinal = ordinal;
    this.blocksRead += 1;
  }

  #leave(ordinal: number): Step {
    this.#block = undefined;
    this.#ordinal = ordinal < this.#firstBlock ? this.#firstBlock - 1 : this.#endBlock;
    return END;
  }

  #wait(ordinal: number, wish: Wish): Step {
    this.#waiting = true;
    this.#wishOrdinal = ordinal;
    this.#wish = wish;
    return BLOCKED;
  }

  #resident(ordinal: number): Block | undefined {
    return this.#blocks.resident(ordinal, this.#memory) ?? this.#ahead.block(ordinal);
  }

  #fetch(ordinal: number, signal: AbortSignal | undefined): Promise<Block> {
    if (this.#wish === LAST || this.#wish === BEFORE) return this.#blocks.load(ordinal, signal);
    const from = this.#wish === FIRST ? this.#ordinal : undefined;
    const isWanted = (next: number): boolean => next < this.#endBlock && this.#mayShow(next);
    return this.#ahead.load(ordinal, from, isWanted, signal);
  }
}
