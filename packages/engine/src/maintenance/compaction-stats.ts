/** What compaction did since a store was opened. */
import type { MergeProgress } from '@clortho/compaction';
import type { JobResult } from './compaction-job.ts';
import type { FailingPlace } from './failing-places.ts';

/** See the module. */
export interface CompactionStats extends CompactionCounts {
  readonly running: readonly RunningJob[];
  /** Where compaction failed several times in a row. It is tried again, less and less often. */
  readonly failing: readonly FailingPlace[];
  /** The message of the last failure. */
  readonly lastError: string | undefined;
}

/** A job under way. */
export interface RunningJob extends MergeProgress {
  readonly shard: number;
  readonly family: string;
  /** What it is about, in one sentence. */
  readonly reason: string;
}

/** The counters. */
export interface CompactionCounts {
  readonly jobs: number;
  /** Jobs that merged a range of the keys of their inputs. */
  readonly partial: number;
  readonly drops: number;
  /** How often files went from delta into base as they were. */
  readonly moves: number;
  /** Jobs whose inputs another process had replaced. */
  readonly lost: number;
  readonly failures: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

/** The counters at the beginning. */
export const NO_COUNTS: CompactionCounts = {
  jobs: 0,
  partial: 0,
  drops: 0,
  moves: 0,
  lost: 0,
  failures: 0,
  bytesRead: 0,
  bytesWritten: 0,
  rowsRead: 0,
  rowsWritten: 0,
};

/** Returns the counters after a job; `undefined` stands for one that was lost. */
export function countJob(
  counts: CompactionCounts,
  result: JobResult | 'drop' | 'move' | undefined,
): CompactionCounts {
  if (result === undefined) return { ...counts, lost: counts.lost + 1 };
  if (result === 'drop') return { ...counts, drops: counts.drops + 1 };
  if (result === 'move') return { ...counts, moves: counts.moves + 1 };
  return {
    ...counts,
    jobs: counts.jobs + 1,
    partial: counts.partial + (result.isPartial ? 1 : 0),
    bytesRead: counts.bytesRead + result.bytesRead,
    bytesWritten: counts.bytesWritten + result.bytesWritten,
    rowsRead: counts.rowsRead + result.rowsRead,
    rowsWritten: counts.rowsWritten + result.rowsWritten,
  };
}
