/**
 * Files of one tier, written one after the other from rows in order.
 *
 *     rows           a a b c c c | d e e | f g …          a file is full: it ends before the next user key
 *     range delete     [b ------- . ---- . -- h)          cut at the same keys
 *
 * Invariants:
 * - All versions of a key are in one file; the files of a stream are disjoint and ascend, range deletes included.
 */
import { compareBytes, compareSlices, EMPTY_BYTES, invariant, keySuccessor } from '@clortho/base';
import {
  type Block,
  type RangeDelete,
  type RowKind,
  type RowPosition,
  SstWriter,
  type SstWriterOptions,
} from '@clortho/sst';
import type { Tier } from '../strategy/compaction-file.ts';
import { clipRangeDeletes } from '../versions/clip-range-deletes.ts';
import type { MergeOutput } from './merge-job.ts';
import type { RowSink } from './merge-rules.ts';

const MEASUREMENTS_PER_FILE = 64;

/**
 * How much more memory is set aside for a file than is expected of it. What is above 32 MiB a C library maps for itself and
 * gives back at once when it is freed; of less, it keeps what several threads have freed.
 */
const EXPECTED_SLACK = 1 / 32;
const EXPECTED_SLACK_BYTES = 256 * 1024;

/** What the files of all streams of a merge have in common. */
export interface StreamSettings {
  readonly targetFileBytes: number;
  /** Called for each new file: the options differ in their salts. */
  writerOptions(): SstWriterOptions;
  /** Returns the ordinal of a finished file. */
  nextOrdinal(): number;
}

/** What the files of one stream are. */
export interface StreamIdentity {
  readonly tier: Tier;
  readonly level: number;
  readonly run: number;
  /** Go into the files beside the rows. */
  readonly rangeDeletes: readonly RangeDelete[];
  /** Keys that no file crosses, ascending. */
  readonly fences: readonly Uint8Array[];
  /** How large all files will be, at most, if nothing grows; 0 where that is not known. */
  readonly expectedBytes: number;
}

/** A key in place. */
type Key = Pick<RowPosition, 'keyBytes' | 'keyStart' | 'keyEnd'>;

/** Writes one sequence of files. */
export class OutputStream implements RowSink {
  readonly #settings: StreamSettings;
  readonly #identity: StreamIdentity;
  #writer: SstWriter | undefined;
  /** Where the file in progress may begin: where the last one ended. */
  #lower: Uint8Array = EMPTY_BYTES;
  /** The last key that was appended: that of a row of a block, or else bytes. */
  #lastBlock: Block | undefined;
  #lastRow = 0;
  #lastKeyBytes: Uint8Array = EMPTY_BYTES;
  #lastKeyStart = 0;
  #lastKeyEnd = 0;
  /** The bytes of the files that are finished. */
  #finishedBytes = 0;
  /** Raw bytes appended since the writer was last asked for its size, which costs more than counting. */
  #unmeasured = 0;
  #isFull = false;
  /** The first fence above the first key of the file in progress. */
  #fence = 0;

  /** Creates a stream without files. */
  constructor(settings: StreamSettings, identity: StreamIdentity) {
    this.#settings = settings;
    this.#identity = identity;
  }

  /** Tells whether the file in progress must end before the key `next`: it is full, or a fence stands between. */
  endsBefore(next: Key): boolean {
    if (this.#writer === undefined) return false;
    const fence = this.#identity.fences[this.#fence];
    return this.#isFull || (fence !== undefined && isAtOrBelow(fence, next));
  }

  /** Appends row `row` of a block, which is alone of its key and comes after all that was appended. */
  appendAlone(block: Block, row: number): void {
    this.#writer ??= this.#begin(keyOf(block, row));
    this.#lastBlock = block;
    this.#lastRow = row;
    this.#measure(this.#writer.appendOrdered(block, row));
  }

  append(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    timestamp: number,
    endTimestamp: number,
    kind: RowKind,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.#writer ??= this.#begin({ keyBytes, keyStart, keyEnd });
    this.#writer.append(
      keyBytes,
      keyStart,
      keyEnd,
      timestamp,
      endTimestamp,
      kind,
      valueBytes,
      valueStart,
      valueEnd,
    );
    this.#lastBlock = undefined;
    this.#lastKeyBytes = keyBytes;
    this.#lastKeyStart = keyStart;
    this.#lastKeyEnd = keyEnd;
    this.#measure(keyEnd - keyStart + valueEnd - valueStart);
  }

  /** Begins a file with the row of a key. */
  #begin(first: Key): SstWriter {
    const { fences } = this.#identity;
    while (this.#fence < fences.length && isAtOrBelow(fences[this.#fence] as Uint8Array, first))
      this.#fence += 1;
    return new SstWriter({ ...this.#settings.writerOptions(), expectedBytes: this.#expectedBytes() });
  }

  /** Returns how large the file will be, about: full, or all that is left. What is full shows only when a block ends. */
  #expectedBytes(): number {
    const left = this.#identity.expectedBytes - this.#finishedBytes;
    if (left <= 0) return 0;
    const bytes = Math.min(left, this.#settings.targetFileBytes);
    return Math.ceil(bytes * (1 + EXPECTED_SLACK)) + EXPECTED_SLACK_BYTES;
  }

  /** Counts what was appended, and looks now and then whether the file is full. */
  #measure(bytes: number): void {
    this.#unmeasured += bytes;
    const { targetFileBytes } = this.#settings;
    if (this.#unmeasured < targetFileBytes / MEASUREMENTS_PER_FILE) return;
    this.#unmeasured = 0;
    this.#isFull = (this.#writer as SstWriter).estimatedBytes >= targetFileBytes;
  }

  #lastKey(): Uint8Array {
    if (this.#lastBlock === undefined)
      return this.#lastKeyBytes.subarray(this.#lastKeyStart, this.#lastKeyEnd);
    const { keyBytes, keyStart, keyEnd } = keyOf(this.#lastBlock, this.#lastRow);
    return keyBytes.subarray(keyStart, keyEnd);
  }

  /**
   * Ends the file in progress before the key `boundary`, or for good when it is `undefined`, and returns it;
   * `undefined` if there is nothing in it.
   */
  finish(boundary: Uint8Array | undefined): MergeOutput | undefined {
    const range = { lower: this.#lower, upper: boundary };
    const rangeDeletes = clipRangeDeletes(this.#identity.rangeDeletes, range);
    if (boundary !== undefined) this.#lower = boundary;
    const writer =
      this.#writer ?? (rangeDeletes.length > 0 ? new SstWriter(this.#settings.writerOptions()) : undefined);
    if (writer === undefined) return undefined;
    const hasRows = this.#writer !== undefined;
    this.#writer = undefined;
    this.#isFull = false;
    this.#unmeasured = 0;
    for (const rangeDelete of rangeDeletes) writer.addRangeDelete(rangeDelete);
    const summary = writer.finish();
    this.#finishedBytes += summary.bytes;
    const { tier, level, run } = this.#identity;
    const lastKey = this.#lastKey();
    const upper = upperBound(hasRows ? lastKey : undefined, rangeDeletes);
    this.#lastBlock = undefined;
    this.#lastKeyBytes = EMPTY_BYTES;
    invariant(boundary === undefined || compareBytes(upper, boundary) <= 0, 'files of a stream are disjoint');
    return {
      ordinal: this.#settings.nextOrdinal(),
      file: {
        tier,
        level,
        run,
        bytes: summary.bytes,
        tailBytes: summary.tailBytes,
        rows: summary.rows,
        deletes: summary.deletes,
        merges: summary.merges,
        rangeDeletes: summary.rangeDeletes,
        lower: summary.minKey,
        upper,
        minTimestamp: summary.minTimestamp,
        maxTimestamp: summary.maxTimestamp,
        minEndTimestamp: summary.minEndTimestamp,
        maxEndTimestamp: summary.maxEndTimestamp,
        uniform: false,
      },
      summary,
      chunks: writer.take(),
    };
  }
}

function keyOf(block: Block, row: number): Key {
  return { keyBytes: block.keyBytes, keyStart: block.keyStartAt(row), keyEnd: block.keyStartAt(row + 1) };
}

function isAtOrBelow(fence: Uint8Array, { keyBytes, keyStart, keyEnd }: Key): boolean {
  return compareSlices(fence, 0, fence.length, keyBytes, keyStart, keyEnd) <= 0;
}

/** Returns the least exclusive bound above the last row and the range deletes, as a copy. */
function upperBound(lastKey: Uint8Array | undefined, rangeDeletes: readonly RangeDelete[]): Uint8Array {
  let upper = lastKey === undefined ? EMPTY_BYTES : keySuccessor(lastKey);
  for (const { end } of rangeDeletes) if (compareBytes(end, upper) > 0) upper = end;
  return new Uint8Array(upper);
}
