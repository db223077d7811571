/** Delta files as runs, in order of age. */
import { compareBytes } from '@clortho/base';
import type { KeyRange } from '../versions/clip-range-deletes.ts';
import type { CompactionFile } from './compaction-file.ts';
import type { CompactionState } from './plan.ts';

/** Files of one age, disjoint in keys. */
export interface Run {
  /** The timestamp of the newest commit covered. */
  readonly run: number;
  readonly level: number;
  readonly files: readonly CompactionFile[];
  readonly bytes: number;
  /** A running job reads one of the files. */
  readonly isBusy: boolean;
}

/** Returns the delta runs of `state`, oldest first. */
export function deltaRuns(state: CompactionState): Run[] {
  const byRun = new Map<number, CompactionFile[]>();
  for (const file of filesOf(state, 'delta')) {
    const files = byRun.get(file.run);
    if (files === undefined) byRun.set(file.run, [file]);
    else files.push(file);
  }
  const runs = [...byRun].map(([run, files]) => ({
    run,
    level: Math.max(...files.map((file) => file.level)),
    files,
    bytes: bytesOf(files),
    isBusy: files.some((file) => isBusy(state, file)),
  }));
  return runs.sort((left, right) => left.run - right.run);
}

/** Returns the files of a tier in key order, ties by id: the order of plans, whatever the order of the state. */
export function filesOf(state: CompactionState, tier: CompactionFile['tier']): CompactionFile[] {
  return state.files.filter((file) => file.tier === tier).sort(compareFiles);
}

/** Tells whether a running job reads `file`. */
export function isBusy(state: CompactionState, file: CompactionFile): boolean {
  return isReplaced(state, file) || (state.intoBase ?? []).some((job) => job.inputs.has(file.id));
}

/** Tells whether a running job replaces `file` whole. */
export function isReplaced(state: CompactionState, file: CompactionFile): boolean {
  return state.busy?.has(file.id) ?? false;
}

/**
 * Returns how many deletes of a file count for what they free: none straight from a commit, so that a commit changes nothing
 * about whether a merge into base is due but for its size.
 */
export function mergedDeletes(file: Pick<CompactionFile, 'level' | 'deletes' | 'rangeDeletes'>): number {
  return file.level === 0 ? 0 : file.deletes + file.rangeDeletes;
}

/** Returns the sum of the files' sizes. */
export function bytesOf(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/** Returns the oldest runs that come to at most `bytesMax`, but two at least, if there are two. */
export function oldestUpToBytes(runs: readonly Run[], bytesMax: number): Run[] {
  let bytes = 0;
  const beyond = runs.findIndex((run, index) => {
    bytes += run.bytes;
    return index >= 2 && bytes > bytesMax;
  });
  return beyond === -1 ? [...runs] : runs.slice(0, beyond);
}

/** Tells whether two key ranges share a key. */
export function rangesOverlap(left: KeyRange, right: KeyRange): boolean {
  return isBelow(left.lower, right.upper) && isBelow(right.lower, left.upper);
}

/** Orders files by lower bound, then id. */
export function compareFiles(left: CompactionFile, right: CompactionFile): number {
  return compareBytes(left.lower, right.lower) || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
}

function isBelow(key: Uint8Array, bound: Uint8Array | undefined): boolean {
  return bound === undefined || compareBytes(key, bound) < 0;
}
