/**
 * The kernel of the format: the bare kernel with files in and out, and nothing else that a merge of `@clortho/compaction` does.
 *
 *     files ──▶ check, decompress, decode ──▶ least of four numbers ──▶ copy ──▶ encode, compress, check ──▶ bytes
 *
 * It knows that there are four runs with distinct keys of one length, and that all rows are to be kept: no merging of any number of
 * inputs, no versions of a key, no rules. Between it and the bare kernel lies what blocks of columns cost, between it and the
 * merge what merging costs. It is run with all in memory, and in a worker between files (see format-worker.ts).
 */
import {
  BLOCKED,
  type Block,
  type CodecName,
  ROW,
  Sst,
  type SstCursor,
  type SstSummary,
  SstWriter,
  type SstWriterOptions,
  type Step,
  WorkMemory,
} from '@clortho/sst';
import { KEY_BYTES } from '../workload/rows.ts';
import { NUMBER_START } from './merge-rows.ts';

const PENDING_BYTES_MAX = 1024 * 1024;

/** Returns a function that merges the files once, all in memory, and returns how many rows there were. */
export function formatKernel(files: readonly Uint8Array[], codec: CodecName): () => number {
  return () => {
    const memory = new WorkMemory();
    const cursors = files.map((bytes) => Sst.openBytes(bytes).cursor({ memory }));
    const kernel = new FormatKernel(cursors, { codec, memory });
    while (kernel.merge(PENDING_BYTES_MAX) !== undefined) kernel.take();
    kernel.finish();
    return kernel.rows;
  };
}

/** A merge of runs into one file after the other. */
export class FormatKernel {
  /** How many rows were merged. */
  rows = 0;
  readonly #lanes: readonly Lane[];
  readonly #options: SstWriterOptions;
  #writer: SstWriter;

  /** Takes cursors of which each has one run. */
  constructor(cursors: readonly SstCursor[], options: SstWriterOptions) {
    this.#lanes = cursors.map((cursor) => new Lane(cursor));
    this.#options = options;
    this.#writer = new SstWriter(options);
  }

  /** Merges until a run waits, which is returned, or `pendingBytesMax` were written (`'full'`). `undefined`: all is merged. */
  merge(pendingBytesMax: number): Lane | 'full' | undefined {
    const lanes = this.#lanes;
    const writer = this.#writer;
    for (const lane of lanes) if (lane.step === BLOCKED) return lane;
    for (let lane = least(lanes); lane.number !== Number.POSITIVE_INFINITY; lane = least(lanes)) {
      writer.appendOrdered(lane.block, lane.row);
      this.rows += 1;
      lane.next();
      if (lane.step === BLOCKED) return lane;
      if (writer.pendingBytes > pendingBytesMax) return 'full';
    }
    return undefined;
  }

  /** Returns what was written. */
  take(): Uint8Array[] {
    return this.#writer.take();
  }

  /** Ends the file and begins another. */
  finish(): SstSummary {
    return this.#writer.finish();
  }

  /** Begins another file, after one was finished and taken. */
  begin(): void {
    this.#writer = new SstWriter(this.#options);
  }
}

/** A file, and the number of the row that it stands on. */
export class Lane {
  number = 0;
  row = 0;
  step: Step;
  #rowEnd = 0;
  #block: Block | undefined;
  readonly #cursor: SstCursor;

  /** Stands on the first row, or waits for it. */
  constructor(cursor: SstCursor) {
    this.#cursor = cursor;
    this.step = cursor.seekFirst();
    this.#arrive();
  }

  get block(): Block {
    return this.#block as Block;
  }

  /** Moves to the next row. */
  next(): void {
    this.row += 1;
    if (this.row < this.#rowEnd) {
      this.#look();
      return;
    }
    this.step = this.#cursor.nextBlock();
    this.#arrive();
  }

  /** Loads what the run waits for. */
  async load(): Promise<void> {
    this.step = await this.#cursor.load();
    this.#arrive();
  }

  #arrive(): void {
    if (this.step !== ROW) {
      this.number = Number.POSITIVE_INFINITY;
      return;
    }
    this.#block = this.#cursor.block;
    this.#rowEnd = this.#cursor.rowEnd;
    this.row = 0;
    this.#look();
  }

  #look(): void {
    const { keyBytes } = this.block;
    const start = this.block.keyStartAt(this.row);
    let number = 0;
    for (let at = start + NUMBER_START; at < start + KEY_BYTES; at += 1)
      number = number * 256 + (keyBytes[at] as number);
    this.number = number;
  }
}

function least(lanes: readonly Lane[]): Lane {
  let best = lanes[0] as Lane;
  for (let index = 1; index < lanes.length; index += 1) {
    const lane = lanes[index] as Lane;
    if (lane.number < best.number) best = lane;
  }
  return best;
}
