/**
 * Keeping the runs of delta few: beyond a number of them, one run is merged with everything that is newer.
 *
 *     oldest ──────────────────────────────────► newest        of more than six runs
 *     4000      900       800      90     30   20   20
 *     ×0.5      ×1.1      ×0.2    ×0.8   ×1.3 ×1             newer bytes in the stretch, by those of the run
 *                                         └─────────┘          merged: the run that weighs least against what is newer
 *
 * So sizes stay about geometric, with a ratio that follows from the number of runs: few commits are written seldom again,
 * and many come to no more runs than few. (To merge what removes most runs for fewest bytes is quadratic: it takes the same
 * small runs again and again.)
 *
 * Invariants:
 * - The inputs are contiguous in age; busy runs end a stretch.
 * - If nothing is under way and there are more than so many runs, a merge is due.
 */
import type { KvOptions } from './options.ts';
import type { CompactionState, MergePlan } from './plan.ts';
import { readableOf } from './readable.ts';
import { bytesOf, deltaRuns, type Run } from './runs.ts';

/** Returns the merge within the delta tier that is due, if any. */
export function pickDelta(state: CompactionState, options: KvOptions): MergePlan | undefined {
  const all = stretches(deltaRuns(state));
  if (all.reduce((sum, { isBusy, runs }) => sum + (isBusy ? 1 : runs.length), 0) <= options.deltaRuns)
    return undefined;
  const free = all.filter(({ isBusy, runs }) => !isBusy && runs.length > 1);
  const [best] = free
    .map((stretch) => lightest(stretch.runs, options.inputBytesMax))
    .sort((left, right) => right.ratio - left.ratio);
  return best && planDelta(state, options, best.runs, `${best.runs.length} of too many delta runs`);
}

/** Returns the merge within the delta tier that is worth it while nobody writes, of at most `bytesMax`. */
export function pickDeltaAtRest(
  state: CompactionState,
  options: KvOptions,
  bytesMax: number,
): MergePlan | undefined {
  const runs = deltaRuns(state);
  if (runs.length < 2) return undefined;
  const best = lightest(runs, bytesMax);
  if (best.ratio < options.restFraction || bytesOf(best.runs.flatMap(({ files }) => files)) > bytesMax)
    return undefined;
  return planDelta(state, options, best.runs, `nobody writes: ${best.runs.length} delta runs become one`);
}

function planDelta(
  state: CompactionState,
  options: KvOptions,
  runs: readonly Run[],
  reason: string,
): MergePlan {
  return {
    kind: 'merge',
    inputs: runs.flatMap((run) => run.files),
    output: 'delta',
    level: 1,
    run: Math.max(...runs.map((run) => run.run)),
    readable: readableOf(state, options),
    upper: state.upper,
    windowMicros: options.windowMicros,
    reason,
  };
}

/**
 * Returns the run that weighs least against what is newer in its stretch, with all that is newer: at most about `bytesMax`,
 * but the newest two at least.
 */
function lightest(
  runs: readonly Run[],
  bytesMax: number,
): { readonly runs: readonly Run[]; readonly ratio: number } {
  let best = runs.length - 2;
  let bestRatio = 0;
  let newer = 0;
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    const { bytes } = runs[index] as Run;
    const ratio = newer / bytes;
    const isCandidate = index === runs.length - 2 || (newer > 0 && newer + bytes <= bytesMax);
    if (isCandidate && ratio >= bestRatio) {
      best = index;
      bestRatio = ratio;
    }
    newer += bytes;
  }
  return { runs: runs.slice(best), ratio: bestRatio };
}

interface Stretch {
  readonly isBusy: boolean;
  readonly runs: Run[];
}

/** Returns the maximal stretches of neighbours that are all free or all busy, oldest first. */
function stretches(runs: readonly Run[]): Stretch[] {
  const found: Stretch[] = [];
  for (const run of runs) {
    const last = found.at(-1);
    if (last?.isBusy === run.isBusy) last.runs.push(run);
    else found.push({ isBusy: run.isBusy, runs: [run] });
  }
  return found;
}
