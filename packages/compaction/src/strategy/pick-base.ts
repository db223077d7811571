/**
 * Merging delta into base: the oldest delta runs with the Current files they overlap.
 *
 * Invariants:
 * - The runs begin with the oldest and are contiguous: the intervals that base writes down are exact only if nothing
 *   older or between remains in delta.
 * - Every Current file that shares a key with a chosen delta file is an input. The others between them are fences.
 */
import { compareBytes, EMPTY_BYTES } from '@clortho/base';
import type { KeyRange } from '../versions/clip-range-deletes.ts';
import type { CompactionFile } from './compaction-file.ts';
import type { KvOptions } from './options.ts';
import type { CompactionState, MergePlan } from './plan.ts';
import { bytesOf, deltaRuns, filesOf, isBusy, type Run, rangesOverlap } from './runs.ts';

/** Returns the merge into base that is due, if any. */
export function pickBase(state: CompactionState, options: KvOptions): MergePlan | undefined {
  const all = deltaRuns(state);
  const runs = untilBusy(all);
  const bytes = bytesOf(runs);
  const areTooMany = all.length > options.deltaRunsMax;
  if (runs.length === 0 || (!areTooMany && bytes < options.baseBytesMin)) return undefined;
  const delta = runs.flatMap((run) => run.files);
  const current = overlappingCurrent(state, delta);
  if (areTooMany) {
    return planBase(
      state,
      options,
      delta,
      current,
      `${all.length} delta runs are more than ${options.deltaRunsMax}`,
    );
  }
  if (bytes < options.baseFraction * bytesOf(current)) return undefined;
  return planBase(
    state,
    options,
    delta,
    current,
    `${bytes} bytes of delta over ${bytesOf(current)} of current`,
  );
}

/** Returns the merge of all of delta, with the Current files it overlaps or with all of them. */
export function planWholeBase(
  state: CompactionState,
  options: KvOptions,
  isFull: boolean,
): MergePlan | undefined {
  const delta = untilBusy(deltaRuns(state)).flatMap((run) => run.files);
  if (delta.length === 0) return undefined;
  const current = isFull ? filesOf(state, 'current') : overlappingCurrent(state, delta);
  return planBase(state, options, delta, current, 'all of delta goes into base on demand');
}

function untilBusy(runs: readonly Run[]): Run[] {
  const busy = runs.findIndex((run) => run.isBusy);
  return busy === -1 ? [...runs] : runs.slice(0, busy);
}

function overlappingCurrent(state: CompactionState, delta: readonly CompactionFile[]): CompactionFile[] {
  return filesOf(state, 'current').filter((file) => delta.some((input) => rangesOverlap(input, file)));
}

function planBase(
  state: CompactionState,
  options: KvOptions,
  delta: readonly CompactionFile[],
  current: readonly CompactionFile[],
  reason: string,
): MergePlan | undefined {
  const range = cutRange(delta, current, options.inputBytesMax);
  const inputs = [...delta, ...current].filter((file) => range === undefined || rangesOverlap(file, range));
  if (inputs.some((file) => isBusy(state, file))) return undefined;
  return {
    kind: 'merge',
    inputs,
    output: 'base',
    level: 0,
    run: Math.max(...delta.map((file) => file.run)),
    readable: { horizon: state.horizon, pins: [...state.pins] },
    upper: state.upper,
    windowMicros: options.windowMicros,
    range,
    fences: filesOf(state, 'current')
      .filter((file) => !inputs.includes(file))
      .map((file) => file.lower),
    reason,
  };
}

/**
 * Returns the lowest keys whose inputs come to about `bytesMax`, ending where a Current file begins; `undefined` if
 * everything fits. Delta bytes are taken to be spread over the keys as the Current bytes are.
 */
function cutRange(
  delta: readonly CompactionFile[],
  current: readonly CompactionFile[],
  bytesMax: number,
): KeyRange | undefined {
  const currentBytes = bytesOf(current);
  const share = (bytesOf(delta) + currentBytes) / Math.max(1, currentBytes);
  let bytes = 0;
  for (const file of current) {
    const touchesLess = delta.some((input) => compareBytes(input.lower, file.lower) < 0);
    if (bytes > 0 && touchesLess && bytes + file.bytes * share > bytesMax) {
      return { lower: EMPTY_BYTES, upper: file.lower };
    }
    bytes += file.bytes * share;
  }
  return undefined;
}
