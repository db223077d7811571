/**
 * Scanning one shard: merged sources, resolved at the read's time, gathered row by row or by the stretch.
 *
 * A scan is a state machine that runs synchronously as long as memory can answer: `fill` until it is BLOCKED, then
 * `load`. Where a put is the only version of its key, which is most rows of most stores, it goes into the chunk by
 * reference, along with those after it.
 *
 * Invariants:
 * - Rows come in key order (reversed with `reverse`), each key at most once.
 * - A row that is gathered is what a point lookup at the same time finds, unless files or blocks were skipped by `mayMatch`.
 */
import { compareSlices, type KeyInterval } from '@clortho/base';
import {
  collectGroup,
  collectGroupBackward,
  resolveAt,
  VersionGroup,
  type VersionRules,
} from '@clortho/compaction';
import type { FileEntry } from '@clortho/manifest';
import {
  BLOCKED,
  type Block,
  END,
  MERGE,
  MergingCursor,
  PUT,
  ROW,
  type RowCursor,
  type Step,
} from '@clortho/sst';
import type { PruneReport } from '../api.ts';
import type { ChunkBuilder } from './chunk-builder.ts';
import type { LookupTarget } from './lookup.ts';
import { type BlockCursor, openShardCursor, type ShardCursor } from './shard-cursor.ts';

/** What to scan of a shard. */
export interface ShardRange {
  readonly target: LookupTarget;
  readonly interval: KeyInterval;
  readonly reverse: boolean;
  readonly report: PruneReport;
  /** Skips files and blocks by their statistics. */
  readonly mayMatch: Parameters<typeof openShardCursor>[3];
}

/** A scan in progress. */
export class ShardScan {
  readonly #range: ShardRange;
  readonly #sources: ShardCursor;
  readonly #cursor: RowCursor;
  /** The only source, if there is one. */
  readonly #only: BlockCursor | undefined;
  readonly #merged: MergingCursor<BlockCursor> | undefined;
  readonly #rules: VersionRules;
  /** Whether a put that is alone of its key is taken as it is. */
  readonly #takesPuts: boolean;
  readonly #group = new VersionGroup();
  #step: Step;
  /** The block that was last asked for the end of the interval, and the row there. */
  #bounded: Block | undefined;
  #boundedEnd = 0;

  /** Opens the files that the scan begins with; at once if they are open. */
  static open(range: ShardRange): ShardScan | Promise<ShardScan> {
    const { target, interval, report, mayMatch } = range;
    const sources = openShardCursor(target, interval, report, mayMatch);
    return sources instanceof Promise
      ? sources.then((opened) => new ShardScan(range, opened))
      : new ShardScan(range, sources);
  }

  private constructor(range: ShardRange, sources: ShardCursor) {
    const { target, interval, reverse } = range;
    const { inputs, rangeDeletes } = sources;
    this.#range = range;
    this.#sources = sources;
    this.#only = inputs.length === 1 ? inputs[0] : undefined;
    this.#merged = this.#only === undefined ? new MergingCursor(inputs) : undefined;
    this.#cursor = (this.#only ?? this.#merged) as RowCursor;
    this.#rules = target.family.rulesWith(rangeDeletes);
    const { ttlMicros, filter } = this.#rules;
    this.#takesPuts =
      !reverse && rangeDeletes === undefined && ttlMicros === undefined && filter === undefined;
    this.#step = seekStart(this.#cursor, interval, reverse);
  }

  /** Delta files of which all or some rows may have been skipped. */
  get hidden(): readonly FileEntry[] {
    return this.#sources.hidden;
  }

  /**
   * Gathers rows until there are `rowsMax` or `bytesMax` of them (ROW; there may be no further), a load is needed (BLOCKED)
   * or the interval ends (END). `onFolded` hears of rows whose value was folded from operands, before they are added.
   */
  fill(into: ChunkBuilder, rowsMax: number, bytesMax: number, onFolded?: (row: number) => void): Step {
    const { target, interval, reverse } = this.#range;
    const { time } = target;
    const group = this.#group;
    const collect = reverse ? collectGroupBackward : collectGroup;
    while (into.rows < rowsMax && into.bytes < bytesMax) {
      if (this.#takesPuts && this.#step === ROW && !group.begun) this.#takePuts(into, rowsMax, bytesMax);
      if (into.rows >= rowsMax || into.bytes >= bytesMax) break;
      if (this.#step === BLOCKED) return BLOCKED;
      if (this.#step === END && !group.begun) return END;
      if (this.#step === ROW && !group.begun && !isWithin(this.#cursor, interval, reverse)) return END;
      this.#step = collect(this.#cursor, group, this.#step, time.asOf);
      if (this.#step === BLOCKED) return BLOCKED;
      const resolved = resolveAt(group, time.asOf, this.#rules, time.expiryAt);
      if (resolved !== undefined) {
        if (group.kinds[0] === MERGE) onFolded?.(into.rows);
        into.addResolved(group, resolved);
      }
      group.clear();
    }
    return ROW;
  }

  /** Loads what the last fill was blocked on. */
  async load(signal?: AbortSignal): Promise<void> {
    this.#step = await this.#cursor.load(signal);
  }

  /** Lets go of all files and completes the report. No load may be under way. */
  close(): void {
    this.#sources.close();
  }

  #takePuts(into: ChunkBuilder, rowsMax: number, bytesMax: number): void {
    if (this.#only !== undefined) this.#takeStretches(this.#only, into, rowsMax, bytesMax);
    else this.#takeOneByOne(this.#merged as MergingCursor<BlockCursor>, into, rowsMax, bytesMax);
  }

  /** The last row of a block is never taken: the next block may begin with an older version of it. */
  #takeStretches(cursor: BlockCursor, into: ChunkBuilder, rowsMax: number, bytesMax: number): void {
    while (into.rows < rowsMax && into.bytes < bytesMax) {
      const block = cursor.block as Block;
      const from = cursor.row;
      const end = Math.min(this.#endIn(block, cursor.rowEnd), from + rowsMax - into.rows);
      let to = from;
      while (to < end && this.#isTaken(block, to)) to += 1;
      if (to === from) return;
      into.addRows(block, from, to);
      this.#step = cursor.moveTo(to);
    }
  }

  #takeOneByOne(
    cursor: MergingCursor<BlockCursor>,
    into: ChunkBuilder,
    rowsMax: number,
    bytesMax: number,
  ): void {
    do {
      const { current } = cursor;
      const block = current.block as Block;
      const { row } = current;
      if (row >= this.#endIn(block, current.rowEnd) || !this.#isTaken(block, row) || !cursor.isAlone())
        return;
      into.addRows(block, row, row + 1);
      this.#step = cursor.next();
    } while (this.#step === ROW && into.rows < rowsMax && into.bytes < bytesMax);
  }

  #isTaken(block: Block, row: number): boolean {
    const { asOf } = this.#range.target.time;
    return (
      block.kindAt(row) === PUT &&
      block.differsFromNext(row) &&
      block.timestampAt(row) <= asOf &&
      block.endAt(row) > asOf
    );
  }

  /** Returns where the rows of the block end that have a next one and lie within the interval. */
  #endIn(block: Block, rowEnd: number): number {
    const { end } = this.#range.interval;
    if (end === undefined) return rowEnd - 1;
    if (this.#bounded !== block) {
      this.#bounded = block;
      this.#boundedEnd = block.lowerBound(end, Number.POSITIVE_INFINITY);
    }
    return Math.min(rowEnd - 1, this.#boundedEnd);
  }
}

function seekStart(cursor: RowCursor, { start, end }: KeyInterval, reverse: boolean): Step {
  if (!reverse) return cursor.seek(start);
  return end === undefined ? cursor.seekLast() : cursor.seekBefore(end);
}

function isWithin(cursor: RowCursor, { start, end }: KeyInterval, reverse: boolean): boolean {
  const { keyBytes, keyStart, keyEnd } = cursor;
  if (reverse) return compareSlices(keyBytes, keyStart, keyEnd, start, 0, start.length) >= 0;
  return end === undefined || compareSlices(keyBytes, keyStart, keyEnd, end, 0, end.length) < 0;
}
