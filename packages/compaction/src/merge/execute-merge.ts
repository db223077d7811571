/**
 * Executes a merge plan: streams the inputs through the rules of versions into new files.
 *
 *     inputs ──▶ merging cursor ──▶ versions of one key ──▶ reduce ──▶ streams of files ──▶ io.emit
 *
 * Invariants:
 * - Memory is bounded by a read-ahead per input, the versions of one key, and the files in progress.
 * - It holds the thread for at most about `sliceMs` at a time, except within one key or one block.
 * - Nothing is visible until the caller commits the outputs in place of the inputs; a failed or aborted merge leaves
 *   only files that nobody refers to.
 */
import { type Clock, systemClock, throwIfAborted } from '@clortho/base';
import { BLOCKED, END, type MergingCursor, ROW, SparePieces, type Step, WorkMemory } from '@clortho/sst';
import { loadCollector } from '../collector/load-collector.ts';
import { loadFilter } from '../filter/load-filter.ts';
import { loadOperator } from '../operator/load-operator.ts';
import { collectGroup } from '../versions/collect-group.ts';
import { RangeDeleteIndex } from '../versions/range-delete-index.ts';
import { VersionGroup } from '../versions/version-group.ts';
import type { InputCursor } from './input-cursor.ts';
import {
  type MergeIo,
  type MergeJob,
  type MergeOutput,
  type MergeOutputFacts,
  type MergeResult,
  type MergeRunOptions,
  READ_AHEAD_BYTES,
} from './merge-job.ts';
import { MergeOutputs } from './merge-outputs.ts';
import type { MergeRules } from './merge-rules.ts';
import { openInputs } from './open-inputs.ts';

/** How a merge shares its thread. */
export interface ExecuteOptions extends MergeRunOptions {
  /** Measures slices and yields between them. Default: the clock of the machine. */
  readonly clock?: Clock | undefined;
  /** The thread is released after this long. Default 8. */
  readonly sliceMs?: number | undefined;
  /** Memory for outputs, which merges on the same thread may share. Default: of this merge alone. */
  readonly spare?: SparePieces | undefined;
}

const SLICE_MS = 8;
/** The clock is read once per so many rows. */
const ROWS_PER_LOOK = 64;

/**
 * Executes `job.plan` on the calling thread and returns the facts of the outputs, whose bytes went to `io.emit`.
 *
 * @throws {ClorthoError} `CLORTHO_ABORTED`; `CLORTHO_INVALID` if the family's operator, filter or a collector cannot be
 *   loaded, an operator is needed and missing, or the filter fails; `CLORTHO_CORRUPT` and `CLORTHO_UNSUPPORTED` for inputs that cannot be read;
 *   whatever `io` throws.
 */
export async function executeMerge(
  job: MergeJob,
  io: MergeIo,
  options: ExecuteOptions = {},
): Promise<MergeResult> {
  const { signal, clock = systemClock, sliceMs = SLICE_MS, spare = new SparePieces() } = options;
  throwIfAborted(signal);
  const { plan } = job;
  const operator = job.operator === undefined ? undefined : await loadOperator(job.operator);
  const filter = job.filter === undefined ? undefined : await loadFilter(job.filter);
  const collectors = await Promise.all((job.collectors ?? []).map(loadCollector));
  const memory = new WorkMemory();
  const readAheadBytes = job.readAheadBytes ?? READ_AHEAD_BYTES;
  const { cursor, rangeDeletes } = await openInputs(plan, io, readAheadBytes, memory, signal);
  const rules: MergeRules = {
    rangeDeletes: RangeDeleteIndex.of(rangeDeletes),
    ttlMicros: job.ttlMicros,
    operator,
    filter,
    readable: plan.readable,
    mergedUpTo: plan.run,
    forgetUpTo: plan.forgetUpTo,
  };
  const outputs = new MergeOutputs(job, rules, { ...job.writer, collectors, memory, spare }, rangeDeletes);
  const run = new MergeRun(job, io, options, spare);
  const rows = new MergeRows(cursor, outputs);
  try {
    let sliceStart = clock.monotonic();
    while (!rows.isAtEnd) {
      const step = rows.advance();
      if (step === 'blocked') await rows.load(signal);
      else if (step !== 'rows') await run.emit(step);
      if (clock.monotonic() - sliceStart < sliceMs) continue;
      run.report(rows.read);
      await clock.sleep(0, signal);
      throwIfAborted(signal);
      sliceStart = clock.monotonic();
    }
    for (const output of outputs.finish()) await run.emit(output);
    await run.settle();
  } catch (error) {
    await run.settle().catch(() => undefined); // What is thrown came first.
    throw error;
  }
  run.report(rows.read);
  return run.result(rows.read);
}

/**
 * Moves rows from the inputs to the outputs, some at a time. What is done per row is out of the asynchronous function: V8
 * compiles the loop of such a one anew for every call.
 */
class MergeRows {
  /** Rows that were read. */
  read = 0;
  readonly #cursor: MergingCursor<InputCursor>;
  readonly #outputs: MergeOutputs;
  readonly #group = new VersionGroup();
  #step: Step;
  /** The group is complete, and files that are full end before it. */
  #isComplete = false;

  constructor(cursor: MergingCursor<InputCursor>, outputs: MergeOutputs) {
    this.#cursor = cursor;
    this.#outputs = outputs;
    this.#step = cursor.seekFirst();
  }

  get isAtEnd(): boolean {
    return this.#step === END && !this.#group.begun;
  }

  /** Moves about {@link ROWS_PER_LOOK} rows, or fewer up to where something is to be loaded or a file is full, which is returned. */
  advance(): 'rows' | 'blocked' | MergeOutput {
    const cursor = this.#cursor;
    const group = this.#group;
    for (const until = this.read + ROWS_PER_LOOK; this.read < until && !this.isAtEnd; ) {
      if (this.#step === ROW && !group.begun) {
        this.read += this.#outputs.copyAlone(cursor, ROWS_PER_LOOK);
        this.#step = cursor.step;
      }
      if (!this.#isComplete) {
        if (this.#step === BLOCKED) return 'blocked';
        if (this.isAtEnd) break;
        this.#step = collectGroup(cursor, group, this.#step);
        if (this.#step === BLOCKED) return 'blocked';
        this.#isComplete = true;
      }
      const full = this.#outputs.takeFull(group);
      if (full !== undefined) return full;
      this.#outputs.add(group);
      this.read += group.length;
      group.clear();
      this.#isComplete = false;
    }
    return 'rows';
  }

  /** Loads what the inputs wait for. */
  async load(signal: AbortSignal | undefined): Promise<void> {
    this.#step = await this.#cursor.load(signal);
  }
}

/** What a merge has done so far. */
class MergeRun {
  #rowsWritten = 0;
  #bytesWritten = 0;
  readonly #rowsTotal: number;
  readonly #outputs: MergeOutputFacts[] = [];
  readonly #io: MergeIo;
  readonly #options: MergeRunOptions;
  readonly #spare: SparePieces;
  #emitted: Promise<void> = Promise.resolve();

  constructor(job: MergeJob, io: MergeIo, options: MergeRunOptions, spare: SparePieces) {
    this.#rowsTotal = job.plan.inputs.reduce((sum, file) => sum + file.rows, 0);
    this.#io = io;
    this.#options = options;
    this.#spare = spare;
  }

  /** Hands on an output once the one before is where it belongs; the merge goes on meanwhile. */
  async emit(output: MergeOutput): Promise<void> {
    await this.#emitted;
    throwIfAborted(this.#options.signal);
    this.#emitted = this.#emit(output);
    // Whoever waits for it next is told.
    this.#emitted.catch(() => undefined);
  }

  /** Waits until nothing is under way; throws what failed of it. */
  settle(): Promise<void> {
    return this.#emitted;
  }

  async #emit(output: MergeOutput): Promise<void> {
    const spent = await this.#io.emit(output);
    for (const chunk of spent ?? []) this.#spare.give(chunk);
    const { ordinal, file, summary } = output;
    this.#outputs.push({ ordinal, file, summary });
    this.#rowsWritten += file.rows;
    this.#bytesWritten += file.bytes;
  }

  report(rowsRead: number): void {
    this.#options.onProgress?.({ rowsRead, rowsTotal: this.#rowsTotal, bytesWritten: this.#bytesWritten });
  }

  result(rowsRead: number): MergeResult {
    return {
      outputs: this.#outputs,
      rowsRead,
      rowsWritten: this.#rowsWritten,
      bytesWritten: this.#bytesWritten,
    };
  }
}
