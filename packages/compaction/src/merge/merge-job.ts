/**
 * What a merge needs and gives: a plan, a family's settings, and where bytes come from and go.
 *
 * Invariants:
 * - A job is plain data unless a reference in it is an operator, filter or collector itself: then it can run in a worker.
 * - Outputs are handed over one by one, finished; besides them, a merge holds a read-ahead per input and one open
 *   output per tier and History window.
 */
import type { SstSource, SstSummary, SstWriterOptions } from '@clortho/sst';
import type { CollectorReference } from '../collector/load-collector.ts';
import type { FilterReference } from '../filter/load-filter.ts';
import type { OperatorReference } from '../operator/load-operator.ts';
import type { CompactionFile } from '../strategy/compaction-file.ts';
import type { MergePlan } from '../strategy/plan.ts';

/** A merge to be executed. */
export interface MergeJob {
  readonly plan: MergePlan;
  /** The family's merge operator; needed if an input has merge operands. */
  readonly operator?: OperatorReference | undefined;
  /** The family's row filter. */
  readonly filter?: FilterReference | undefined;
  /** The family's time to live. */
  readonly ttlMicros?: number | undefined;
  /** The statistics to compute for the outputs. */
  readonly collectors?: readonly CollectorReference[] | undefined;
  /** How outputs are written. */
  readonly writer?: Pick<SstWriterOptions, 'blockBytes' | 'codec' | 'filter'> | undefined;
  /** An output ends before the first key after it reached this size. Default 32 MiB. */
  readonly targetFileBytes?: number | undefined;
  /** Each input is read in pieces of about this size. Default 1 MiB. */
  readonly readAheadBytes?: number | undefined;
  /** A random unsigned 32-bit number, from which the salts of the outputs are made. Default 0. */
  readonly salt?: number | undefined;
}

/** The facts of an output: everything a manifest entry needs but an id. */
export interface MergeOutputFacts {
  /** Counts the outputs of the merge from 0. */
  readonly ordinal: number;
  /** The output as a strategy will see it; the bounds are exact, not shortened. */
  readonly file: Omit<CompactionFile, 'id'>;
  readonly summary: SstSummary;
}

/** A finished output. */
export interface MergeOutput extends MergeOutputFacts {
  /** The bytes of the file, in order. They belong to the receiver, who may give them back; see {@link MergeIo.emit}. */
  readonly chunks: readonly Uint8Array[];
}

/** Where the bytes of a merge come from and go to. */
export interface MergeIo {
  /** Returns the bytes of an input. Called once or more per file. */
  readonly open: (file: CompactionFile) => SstSource;
  /**
   * Receives a finished output. The merge goes on, and waits for it with the next one: memory stays bounded. May resolve with
   * chunks of the output that nobody reads any more: their memory is taken for the next file, and they are empty then.
   */
  readonly emit: (output: MergeOutput) => Promise<void> | Promise<readonly Uint8Array[]>;
}

/** How far a merge has come. */
export interface MergeProgress {
  readonly rowsRead: number;
  /** Rows of all inputs; more than will be read where the inputs are clipped. */
  readonly rowsTotal: number;
  readonly bytesWritten: number;
}

/** What a merge came to. */
export interface MergeResult {
  /** The outputs in the order in which they were emitted. */
  readonly outputs: readonly MergeOutputFacts[];
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytesWritten: number;
}

/** How a merge is run. */
export interface MergeRunOptions {
  /** Ends the merge with `CLORTHO_ABORTED` within a slice. Outputs already emitted are the caller's to forget. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then, and at the end. */
  readonly onProgress?: ((progress: MergeProgress) => void) | undefined;
}

/** The default of {@link MergeJob.targetFileBytes}. */
export const TARGET_FILE_BYTES: number = 32 * 1024 * 1024;
/** The default of {@link MergeJob.readAheadBytes}. */
export const READ_AHEAD_BYTES: number = 1024 * 1024;
