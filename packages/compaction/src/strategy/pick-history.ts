/**
 * Merging History: the files of one window become one set of disjoint files.
 *
 * An open window is tiered, because base merges keep adding to it. A closed window is merged whole, once; later, four
 * closed windows turn into one wider window and are merged again. What a late base merge adds to a closed window
 * waits until it is worth a rewrite.
 *
 * Invariants:
 * - Rows are copied or dropped, never changed: their intervals are final.
 */
import type { CompactionFile } from './compaction-file.ts';
import { type HistoryWindow, isClosed, WINDOW_FAN_IN, windowOf } from './history-window.ts';
import type { KvOptions } from './options.ts';
import { depthOf, overlappingOnly } from './overlap.ts';
import type { CompactionState, MergePlan } from './plan.ts';
import { archivedUpTo, readableOf } from './readable.ts';
import { bytesOf, filesOf, isBusy } from './runs.ts';

/** A late addition to a closed window is merged when it is this fraction of the window. */
const WORTHWHILE_FRACTION = 0.25;

/** Returns the merge within History that is due, if any; the newest window first, where reads are. */
export function pickHistory(state: CompactionState, options: KvOptions): MergePlan | undefined {
  for (const [window, files] of windowsOf(state, options)) {
    const inputs = isClosed(window, state.upper) ? wholeWindow(files) : oneTier(files);
    if (inputs === undefined || bytesOf(inputs) > options.inputBytesMax) continue;
    const level = Math.max(...inputs.map((file) => file.level)) + 1;
    return {
      kind: 'merge',
      inputs,
      output: 'history',
      level,
      run: 0,
      readable: readableOf(state, options),
      upper: state.upper,
      windowMicros: options.windowMicros,
      archivedUpTo: archivedUpTo(state, options),
      reason: `${inputs.length} history files ending in [${window.start}, ${window.start + window.width})`,
    };
  }
  return undefined;
}

/** Returns the free files by window, newest window first. Files lie in one window each: windows only grow. */
function windowsOf(state: CompactionState, options: KvOptions): [HistoryWindow, CompactionFile[]][] {
  const byStart = new Map<number, [HistoryWindow, CompactionFile[]]>();
  const windows = {
    upper: state.upper,
    windowMicros: options.windowMicros,
    archivedUpTo: archivedUpTo(state, options),
  };
  for (const file of filesOf(state, 'history')) {
    if (isBusy(state, file)) continue;
    const window = windowOf(file.maxEndTimestamp, windows);
    const entry = byStart.get(window.start);
    if (entry === undefined) byStart.set(window.start, [window, [file]]);
    else entry[1].push(file);
  }
  return [...byStart.values()].sort((left, right) => right[0].start - left[0].start);
}

function wholeWindow(files: readonly CompactionFile[]): CompactionFile[] | undefined {
  const overlapping = overlappingOnly(files);
  if (overlapping.length === 0) return undefined;
  const deepest = Math.max(...overlapping.map((file) => file.level));
  const merged = overlapping.filter((file) => file.level === deepest);
  const added = bytesOf(overlapping) - bytesOf(merged);
  const isWorthwhile =
    depthOf(merged) > 1 ||
    overlapping.length - merged.length >= WINDOW_FAN_IN ||
    added >= WORTHWHILE_FRACTION * bytesOf(overlapping);
  return isWorthwhile ? overlapping : undefined;
}

function oneTier(files: readonly CompactionFile[]): CompactionFile[] | undefined {
  const levels = [...new Set(files.map((file) => file.level))].sort((left, right) => left - right);
  for (const level of levels) {
    const tier = files.filter((file) => file.level === level);
    if (depthOf(tier) >= WINDOW_FAN_IN) return tier;
  }
  return undefined;
}
