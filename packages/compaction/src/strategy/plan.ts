/**
 * What a strategy decides: a plan, computed from facts alone.
 *
 * Invariants:
 * - A strategy is a pure function: equal states give equal plans, on any node.
 * - Carrying out a plan changes no answer at any readable time.
 */
import type { KeyRange } from '../versions/clip-range-deletes.ts';
import type { CompactionFile } from './compaction-file.ts';
import type { Readable } from './readable.ts';

/** Everything a strategy may look at: one family of one shard. */
export interface CompactionState {
  /** All live files of the family, in any order. */
  readonly files: readonly CompactionFile[];
  /** Reads below it are refused; it is already in the HEAD. `-Infinity` keeps everything. */
  readonly horizon: number;
  /** Timestamps of snapshots at or above the horizon at their creation, read after the horizon. */
  readonly pins: readonly number[];
  /** The timestamp of the shard's last commit. */
  readonly upper: number;
  /** Ids of files that running jobs replace: left alone. */
  readonly busy?: ReadonlySet<string> | undefined;
  /** How long nothing was committed, in microseconds; 0, by default, where that is not known. */
  readonly restMicros?: number | undefined;
  /** Running merges and moves into base. */
  readonly intoBase?: readonly RunningBaseMerge[] | undefined;
}

/** A merge or move into base under way: its inputs are left alone, but for other merges into base of other keys. */
export interface RunningBaseMerge {
  readonly range: KeyRange;
  /** Their ids. */
  readonly inputs: ReadonlySet<string>;
}

/** Nothing is worth doing. */
export interface NothingPlan {
  readonly kind: 'nothing';
}

/** Where the outputs of a merge go. Into base: Current files, and History files for what they supersede. */
export type MergeTarget = 'delta' | 'base' | 'history';

/** Inputs to be merged and replaced by the outputs. */
export interface MergePlan {
  readonly kind: 'merge';
  readonly inputs: readonly CompactionFile[];
  readonly output: MergeTarget;
  /** The level of the outputs. */
  readonly level: number;
  /** The run of the outputs: of the newest delta input; 0 without delta inputs. */
  readonly run: number;
  /** The times whose answers must survive. */
  readonly readable: Readable;
  /** The shard's last commit, the least width of a window, and what shares one: they decide the windows of History outputs. */
  readonly upper: number;
  readonly windowMicros: number;
  readonly archivedUpTo?: number | undefined;
  /** Into base: rows of Current below it get this timestamp instead of their own. None by default. */
  readonly forgetUpTo?: number | undefined;
  /**
   * Only the keys in this range are merged; the inputs stay live outside of it, so the commit clips them rather
   * than removing them. Absent: the inputs are merged and removed whole.
   */
  readonly range?: KeyRange | undefined;
  /**
   * Into base: where files of Current begin that are no inputs although they lie between them. No output crosses one,
   * so that the files of Current stay disjoint. Ascending; none by default.
   */
  readonly fences?: readonly Uint8Array[] | undefined;
  /** One sentence for logs and inspection. */
  readonly reason: string;
}

/** Files that no readable time needs: removed without being read. */
export interface DropPlan {
  readonly kind: 'drop';
  readonly files: readonly CompactionFile[];
  readonly reason: string;
}

/** Files of delta that become files of Current as they are: nothing else has their keys, there or in older runs. */
export interface MovePlan {
  readonly kind: 'move';
  readonly files: readonly CompactionFile[];
  readonly reason: string;
}

/** Something to do. */
export type Work = MergePlan | MovePlan | DropPlan;

/** What to do next. */
export type Plan = NothingPlan | Work;

/** Decides what to do next with a family's files. */
export type Strategy = (state: CompactionState) => Plan;

/** The plan to do nothing. */
export const NOTHING: NothingPlan = { kind: 'nothing' };
