/**
 * What a process may choose to compact: what the strategies find due, or anything that the rules allow.
 *
 * Invariants:
 * - Every choice keeps the rules of strategies: contiguous runs, into base from the oldest on and with all of Current that
 *   shares a key with them in the range; and it leaves alone what is under way.
 */
import { compareBytes, EMPTY_BYTES, encodeUtf8 } from '@clortho/base';
import type { CompactionFile } from '../../src/strategy/compaction-file.ts';
import { historyWindow } from '../../src/strategy/history-window.ts';
import { kvStrategy, manualStrategy } from '../../src/strategy/kv-strategy.ts';
import type { KvOptions } from '../../src/strategy/options.ts';
import { pickDrops } from '../../src/strategy/pick-drops.ts';
import {
  type CompactionState,
  type MergePlan,
  NOTHING,
  type Plan,
  type Strategy,
} from '../../src/strategy/plan.ts';
import { deltaRuns, filesOf, isBusy, isReplaced, type Run, rangesOverlap } from '../../src/strategy/runs.ts';
import type { KeyRange } from '../../src/versions/clip-range-deletes.ts';
import { type Choice, KEYS, type KeySpan, type Setting } from './schedule.ts';

/** The least width of a window of History. */
const WINDOW = 4;

/** Returns the strategy that a choice stands for. */
export function strategyOf(choice: Choice, setting: Setting): Strategy {
  switch (choice.by) {
    case 'strategy':
      return kvStrategy(optionsOf(setting));
    case 'manual':
      return manualStrategy({ ...optionsOf(setting), full: choice.full });
    case 'delta':
      return (state) => anyDelta(state, choice.first, choice.count);
    case 'base':
      return (state) => anyBase(state, choice.count, choice.keys);
    case 'history':
      return (state) => anyWindow(state, choice.window);
    case 'drop':
      return (state) => drops(state, setting.ttl);
  }
}

function optionsOf({ ttl, fanIn, runsMax, baseBytes, partBytes }: Setting): Partial<KvOptions> {
  return {
    levelZeroRuns: fanIn,
    fanIn,
    deltaRunsMax: runsMax,
    baseBytesMin: baseBytes,
    windowMicros: WINDOW,
    partBytesMax: partBytes,
    ttlMicros: ttl,
  };
}

/** Returns the bound below the key of an index, or above all keys. */
export function boundAt(index: number): Uint8Array {
  if (index >= KEYS.length) return encodeUtf8('z');
  return index === 0 ? EMPTY_BYTES : encodeUtf8(KEYS[index] as string);
}

function anyDelta(state: CompactionState, first: number, count: number): Plan {
  const runs = deltaRuns(state);
  if (runs.length < 2) return NOTHING;
  const start = first % (runs.length - 1);
  const inputs = runs.slice(start, start + 2 + count);
  if (inputs.some((run) => run.isBusy)) return NOTHING;
  return planOf(state, inputs, filesIn(inputs), 'delta');
}

function anyBase(state: CompactionState, count: number, keys: KeySpan | undefined): Plan {
  const all = deltaRuns(state);
  const replaced = all.findIndex((run) => run.files.some((file) => isReplaced(state, file)));
  const runs = all.slice(
    0,
    Math.min(1 + (count % Math.max(1, all.length)), replaced < 0 ? all.length : replaced),
  );
  const range = keys && { lower: boundAt(Math.min(...keys)), upper: boundAt(Math.max(...keys) + 1) };
  const within: KeyRange = range ?? { lower: EMPTY_BYTES, upper: undefined };
  const delta = filesIn(runs).filter((file) => rangesOverlap(file, within));
  const current = filesOf(state, 'current').filter((file) => rangesOverlap(file, within));
  const isTaken = (state.intoBase ?? []).some((job) => rangesOverlap(job.range, within));
  if (isTaken || delta.length === 0 || current.some((file) => isReplaced(state, file))) return NOTHING;
  return { ...planOf(state, runs, [...delta, ...current], 'base'), range };
}

function anyWindow(state: CompactionState, index: number): Plan {
  const windows = new Map<number, CompactionFile[]>();
  for (const file of filesOf(state, 'history')) {
    if (isBusy(state, file)) continue;
    const { start } = historyWindow(file.maxEndTimestamp, state.upper, WINDOW);
    windows.set(start, [...(windows.get(start) ?? []), file]);
  }
  const inputs = [...windows.values()][index % Math.max(1, windows.size)];
  return inputs === undefined ? NOTHING : planOf(state, [], inputs, 'history');
}

function drops(state: CompactionState, ttlMicros: number | undefined): Plan {
  const files = pickDrops(state, { ttlMicros, versions: 0 });
  return files.length === 0 ? NOTHING : { kind: 'drop', files, reason: 'no readable time needs them' };
}

function planOf(
  state: CompactionState,
  runs: readonly Run[],
  inputs: readonly CompactionFile[],
  output: MergePlan['output'],
): MergePlan {
  return {
    kind: 'merge',
    inputs,
    output,
    level: output === 'base' ? 0 : 1 + Math.max(...inputs.map((file) => file.level)),
    run: Math.max(0, ...runs.map((run) => run.run)),
    readable: { horizon: state.horizon, pins: [...state.pins] },
    upper: state.upper,
    windowMicros: WINDOW,
    reason: 'it may be done',
  };
}

function filesIn(runs: readonly Run[]): CompactionFile[] {
  return runs.flatMap((run) => run.files).sort((left, right) => compareBytes(left.lower, right.lower));
}
