/**
 * What a process may choose to compact: what the strategies find due, or anything that the rules allow.
 *
 * Invariants:
 * - Every choice keeps the rules of strategies: contiguous runs, into base from the oldest on and with all of Current that
 *   shares a key with them in the range; and it leaves alone what is under way.
 */
import { compareBytes, EMPTY_BYTES, encodeUtf8 } from '@clortho/base';
import type { CompactionFile } from '../../src/strategy/compaction-file.ts';
import { windowOf } from '../../src/strategy/history-window.ts';
import { kvStrategy, manualStrategy } from '../../src/strategy/kv-strategy.ts';
import { KV_DEFAULTS, type KvOptions } from '../../src/strategy/options.ts';
import { forgettable } from '../../src/strategy/pick-base.ts';
import { pickDrops } from '../../src/strategy/pick-drops.ts';
import { pickMoves } from '../../src/strategy/pick-moves.ts';
import {
  type CompactionState,
  type MergePlan,
  NOTHING,
  type Plan,
  type Strategy,
} from '../../src/strategy/plan.ts';
import { archivedUpTo, readableOf } from '../../src/strategy/readable.ts';
import { deltaRuns, filesOf, isBusy, isReplaced, type Run, rangesOverlap } from '../../src/strategy/runs.ts';
import type { KeyRange } from '../../src/versions/clip-range-deletes.ts';
import { type Choice, KEYS, type KeySpan, type Setting, VERSIONS } from './schedule.ts';

/** The least width of a window of History. */
const WINDOW = 4;

/** Returns the strategy that a choice stands for. */
export function strategyOf(choice: Choice, setting: Setting): Strategy {
  const options = optionsOf(setting);
  switch (choice.by) {
    case 'strategy': {
      const strategy = kvStrategy(options);
      // What is worth doing while nobody writes may be done at any time.
      return (state) => strategy({ ...state, restMicros: Number.POSITIVE_INFINITY });
    }
    case 'manual':
      return manualStrategy({ ...options, full: choice.full });
    case 'delta':
      return (state) => anyDelta(state, options, choice.first, choice.count);
    case 'base':
      return (state) => anyBase(state, options, choice.count, choice.keys);
    case 'history':
      return (state) => anyWindow(state, options, choice.window);
    case 'drop':
      return (state) => drops(state, options);
    case 'move':
      return (state) => pickMoves(state, { ...options, moveBytesMin: 1 }) ?? NOTHING;
  }
}

function optionsOf({ ttl, deltaRuns, runsMax, baseBytes, partBytes, moveBytes, keeps }: Setting): KvOptions {
  return {
    ...KV_DEFAULTS,
    moveBytesMin: moveBytes ?? Number.POSITIVE_INFINITY,
    versions: keeps === 'versions' ? VERSIONS : 0,
    forgetTimestamps: keeps === 'no timestamps',
    deltaRuns,
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

function anyDelta(state: CompactionState, options: KvOptions, first: number, count: number): Plan {
  const runs = deltaRuns(state);
  if (runs.length < 2) return NOTHING;
  const start = first % (runs.length - 1);
  const inputs = runs.slice(start, start + 2 + count);
  if (inputs.some((run) => run.isBusy)) return NOTHING;
  return planOf(state, options, inputs, filesIn(inputs), 'delta');
}

function anyBase(state: CompactionState, options: KvOptions, count: number, keys: KeySpan | undefined): Plan {
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
  const plan = planOf(state, options, runs, [...delta, ...current], 'base');
  return { ...plan, range, forgetUpTo: options.forgetTimestamps ? forgettable(state, plan.run) : undefined };
}

function anyWindow(state: CompactionState, options: KvOptions, index: number): Plan {
  const windows = { upper: state.upper, windowMicros: WINDOW, archivedUpTo: archivedUpTo(state, options) };
  const byStart = new Map<number, CompactionFile[]>();
  for (const file of filesOf(state, 'history')) {
    if (isBusy(state, file)) continue;
    const { start } = windowOf(file.maxEndTimestamp, windows);
    byStart.set(start, [...(byStart.get(start) ?? []), file]);
  }
  const inputs = [...byStart.values()][index % Math.max(1, byStart.size)];
  return inputs === undefined ? NOTHING : planOf(state, options, [], inputs, 'history');
}

function drops(state: CompactionState, options: KvOptions): Plan {
  const files = pickDrops(state, options);
  return files.length === 0 ? NOTHING : { kind: 'drop', files, reason: 'no readable time needs them' };
}

function planOf(
  state: CompactionState,
  options: KvOptions,
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
    readable: readableOf(state, options),
    upper: state.upper,
    windowMicros: WINDOW,
    archivedUpTo: archivedUpTo(state, options),
    reason: 'it may be done',
  };
}

function filesIn(runs: readonly Run[]): CompactionFile[] {
  return runs.flatMap((run) => run.files).sort((left, right) => compareBytes(left.lower, right.lower));
}
