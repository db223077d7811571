/**
 * Files as strategies see them: facts from the manifest, no bytes.
 *
 *     newest   delta    run 9, level 0   ┌─┐
 *       │               run 8, level 0   ┌─┐           a run: files disjoint in keys, of one age
 *       │               run 7, level 1   ┌───┐┌───┐
 *       ▼      base     current          ┌────┐┌────┐  at most one version per key
 *     oldest            history          ┌──┐ ┌───┐    superseded versions, one window of end timestamps per file
 *
 * Invariants:
 * - Delta runs are disjoint in time: every row of a run is newer than every row of an older run.
 * - The runs that a merge takes are contiguous in age; into base, they begin with the oldest.
 */

/** Which part of a family's files a file belongs to. */
export type Tier = 'delta' | 'current' | 'history';

/** One live file, or the visible part of it. */
export interface CompactionFile {
  readonly id: string;
  readonly tier: Tier;
  /** 0 straight from a commit (delta) or from base; higher after merges within the tier. */
  readonly level: number;
  /** Delta: the timestamp of the newest commit covered; files of one run share it. Else 0, or in a uniform file its time. */
  readonly run: number;
  /** The size of the file and of the tail that ends it. */
  readonly bytes: number;
  readonly tailBytes: number;
  readonly rows: number;
  readonly deletes: number;
  readonly merges: number;
  readonly rangeDeletes: number;
  /** The rows and range deletes that may be seen lie in `[lower, upper)`; `undefined` is unbounded. */
  readonly lower: Uint8Array;
  readonly upper: Uint8Array | undefined;
  /** Over rows and range deletes; both are `run` in a uniform file. */
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  /** Over rows; `NEVER` for rows without an end. */
  readonly minEndTimestamp: number;
  readonly maxEndTimestamp: number;
  /** Rows carry no timestamps: all of them, and the range deletes, have `run`. */
  readonly uniform: boolean;
}
