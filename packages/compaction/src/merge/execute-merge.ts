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
import { BLOCKED, END, ROW, WorkMemory } from '@clortho/sst';
import { loadCollector } from '../collector/load-collector.ts';
import { loadFilter } from '../filter/load-filter.ts';
import { loadOperator } from '../operator/load-operator.ts';
import { collectGroup } from '../versions/collect-group.ts';
import { RangeDeleteIndex } from '../versions/range-delete-index.ts';
import { VersionGroup } from '../versions/version-group.ts';
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
  const { signal, clock = systemClock, sliceMs = SLICE_MS } = options;
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
  const outputs = new MergeOutputs(job, rules, { ...job.writer, collectors, memory }, rangeDeletes);
  const run = new MergeRun(job, io, options);

  const group = new VersionGroup();
  let sliceStart = clock.monotonic();
  let rowsAtLook = 0;
  let step = cursor.seekFirst();
  for (;;) {
    if (step === BLOCKED) step = await cursor.load(signal);
    if (step === END && !group.begun) break;
    if (step === ROW && !group.begun) {
      run.rowsRead += outputs.copyAlone(cursor, ROWS_PER_LOOK);
      step = cursor.step;
    }
    if (step === ROW || group.begun) {
      step = collectGroup(cursor, group, step);
      if (step === BLOCKED) continue;
      for (let full = outputs.takeFull(group); full !== undefined; full = outputs.takeFull(group))
        await run.emit(full);
      outputs.add(group);
      run.rowsRead += group.length;
      group.clear();
    }
    if (run.rowsRead - rowsAtLook < ROWS_PER_LOOK) continue;
    rowsAtLook = run.rowsRead;
    if (clock.monotonic() - sliceStart < sliceMs) continue;
    run.report();
    await clock.sleep(0, signal);
    throwIfAborted(signal);
    sliceStart = clock.monotonic();
  }
  for (const output of outputs.finish()) await run.emit(output);
  run.report();
  return run.result();
}

/** What a merge has done so far. */
class MergeRun {
  rowsRead = 0;
  #rowsWritten = 0;
  #bytesWritten = 0;
  readonly #rowsTotal: number;
  readonly #outputs: MergeOutputFacts[] = [];
  readonly #io: MergeIo;
  readonly #options: MergeRunOptions;

  constructor(job: MergeJob, io: MergeIo, options: MergeRunOptions) {
    this.#rowsTotal = job.plan.inputs.reduce((sum, file) => sum + file.rows, 0);
    this.#io = io;
    this.#options = options;
  }

  async emit(output: MergeOutput): Promise<void> {
    throwIfAborted(this.#options.signal);
    await this.#io.emit(output);
    const { ordinal, file, summary } = output;
    this.#outputs.push({ ordinal, file, summary });
    this.#rowsWritten += file.rows;
    this.#bytesWritten += file.bytes;
  }

  report(): void {
    const { rowsRead } = this;
    this.#options.onProgress?.({ rowsRead, rowsTotal: this.#rowsTotal, bytesWritten: this.#bytesWritten });
  }

  result(): MergeResult {
    const { rowsRead } = this;
    return {
      outputs: this.#outputs,
      rowsRead,
      rowsWritten: this.#rowsWritten,
      bytesWritten: this.#bytesWritten,
    };
  }
}
