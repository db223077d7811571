/**
 * Tiering the delta: neighbours in age and of one level become one run of the next level.
 *
 * Invariants:
 * - The inputs are contiguous in age; runs between them of another level, or busy ones, end a stretch.
 */
import type { KvOptions } from './options.ts';
import type { CompactionState, MergePlan } from './plan.ts';
import { readableOf } from './readable.ts';
import { deltaRuns, oldestUpToBytes, type Run } from './runs.ts';

/** Returns the merge within the delta tier that is due, if any; the lowest level first, and the oldest runs of it. */
export function pickDelta(state: CompactionState, options: KvOptions): MergePlan | undefined {
  const due = stretches(deltaRuns(state))
    .filter((stretch) => stretch.length >= threshold(stretch, options))
    .sort((left, right) => levelOf(left) - levelOf(right));
  const runs = due[0] === undefined ? [] : oldestUpToBytes(due[0], options.inputBytesMax);
  if (runs.length < 2) return undefined;
  const level = levelOf(runs);
  return {
    kind: 'merge',
    inputs: runs.flatMap((run) => run.files),
    output: 'delta',
    level: level + 1,
    run: Math.max(...runs.map((run) => run.run)),
    readable: readableOf(state, options),
    upper: state.upper,
    windowMicros: options.windowMicros,
    reason: `${runs.length} delta runs of level ${level}`,
  };
}

function threshold(stretch: readonly Run[], options: KvOptions): number {
  return levelOf(stretch) === 0 ? options.levelZeroRuns : options.fanIn;
}

function levelOf(stretch: readonly Run[]): number {
  return stretch[0]?.level ?? 0;
}

/** Returns the maximal stretches of free neighbours of one level, oldest first. */
function stretches(runs: readonly Run[]): Run[][] {
  const found: Run[][] = [];
  let stretch: Run[] = [];
  for (const run of runs) {
    if (run.isBusy || (stretch.length > 0 && run.level !== levelOf(stretch))) {
      found.push(stretch);
      stretch = [];
    }
    if (!run.isBusy) stretch.push(run);
  }
  found.push(stretch);
  return found.filter((runsOfOne) => runsOfOne.length > 0);
}
