/** What verifying a store came to. */
import type { CallOptions } from '../api.ts';

/**
 * What is wrong:
 *
 * - `damaged`: the bytes of a register or object are not what was written, or of a format that is newer;
 * - `missing`: something is named and not there;
 * - `entry`: the manifest tells of a file what the file itself denies;
 * - `bounds`: the manifest hides rows that the store has to show;
 * - `order`: rows or files do not lie as their tier promises;
 * - `statistics`: rows were summed up wrongly: scans that prune would skip them.
 */
export type VerifyProblem = 'damaged' | 'missing' | 'entry' | 'bounds' | 'order' | 'statistics';

/** One thing that is wrong. */
export interface VerifyFinding {
  readonly problem: VerifyProblem;
  /** The key of the register or object. */
  readonly at: string;
  /** Whose it is, where known. */
  readonly shard?: number | undefined;
  readonly family?: string | undefined;
  readonly message: string;
}

/** See {@link Store.verify}. */
export interface VerifyReport {
  /** Empty if nothing is wrong. */
  readonly findings: readonly VerifyFinding[];
  /** What was read. */
  readonly registers: number;
  readonly checkpoints: number;
  readonly pins: number;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  /** Objects that nothing references: garbage, or of a writer that has yet to commit. No finding. */
  readonly orphans: readonly { readonly key: string; readonly bytes: number }[];
}

/** Options of {@link Store.verify}. */
export interface VerifyOptions extends CallOptions {
  /** Hears how many bytes of all referenced files have been read. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

/** How far a verification is. */
export interface VerifyProgress {
  readonly bytes: number;
  readonly bytesTotal: number;
  readonly findings: number;
}
