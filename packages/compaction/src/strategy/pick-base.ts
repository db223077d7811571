/**
 * Merging delta into base: the oldest delta runs with the Current files they overlap, whole or a range of keys.
 *
 * The newest runs that come to little wait for the next time: a run that goes into base stays where reads look until it is
 * there, and cannot be merged with others meanwhile.
 *
 * Invariants:
 * - The runs begin with the oldest and are contiguous: the intervals that base writes down are exact only if nothing
 *   older or between remains in delta.
 * - Every Current file that shares a key with a chosen delta file within the range is an input. The others between them
 *   are fences.
 * - Ranges of merges that run side by side are disjoint; an input may then be shared, each takes its part of it.
 */
import { EMPTY_BYTES } from '@clortho/base';
import { type BasePart, baseParts } from './base-parts.ts';
import type { CompactionFile } from './compaction-file.ts';
import type { KvOptions } from './options.ts';
import type { CompactionState, MergePlan } from './plan.ts';
import { archivedUpTo, readableOf } from './readable.ts';
import { bytesOf, deltaRuns, filesOf, isReplaced, mergedDeletes, type Run, rangesOverlap } from './runs.ts';

/** What the newest runs may come to, as a fraction of all, to wait for the next merge into base. */
const LIGHT_FRACTION = 0.3;

/** Returns the merge into base that is due, if any: where delta is largest in proportion to what lies below. */
export function pickBase(state: CompactionState, options: KvOptions): MergePlan | undefined {
  const all = deltaRuns(state);
  const runs = withoutLightest(untilReplaced(state, all));
  const areTooMany = all.length > options.deltaRunsMax;
  const isSmall = bytesOf(runs) < options.baseBytesMin;
  const hasDeletes = runs.some(({ files }) => files.some((file) => mergedDeletes(file) > 0));
  if (runs.length === 0 || (!areTooMany && isSmall && !hasDeletes)) return undefined;
  const parts = freeParts(state, runs, overlappingCurrent(state, runs), options);
  const bytes = parts.reduce((sum, { deltaBytes }) => sum + deltaBytes, 0);
  if (!areTooMany && isSmall && bytes < options.baseBytesMin) return undefined;
  const isDue = (part: BasePart): boolean =>
    areTooMany
      ? part.delta.some((file) => file.run === runs[0]?.run)
      : part.deltaBytes >= options.baseFraction * bytesOf(part.current);
  const due = parts.filter(isDue);
  const [part] = due.sort((left, right) => weightOf(right) - weightOf(left));
  if (part === undefined) return undefined;
  const reason = areTooMany
    ? `${all.length} delta runs are more than ${options.deltaRunsMax}`
    : `${Math.round(part.deltaBytes)} bytes of delta over ${bytesOf(part.current)} of current`;
  return planBase(state, options, part, reason);
}

/** Returns the merge of delta into base that is worth it while nobody writes, of at most `bytesMax`: the heaviest part of keys. */
export function pickBaseAtRest(
  state: CompactionState,
  options: KvOptions,
  bytesMax: number,
): MergePlan | undefined {
  const runs = deltaRuns(state);
  if (runs.length === 0) return undefined;
  const parts = freeParts(state, runs, overlappingCurrent(state, runs), options).filter((part) => {
    const below = bytesOf(part.current);
    return part.deltaBytes >= options.restFraction * below && part.deltaBytes + below <= bytesMax;
  });
  const [part] = parts.sort((left, right) => weightOf(right) - weightOf(left));
  if (part === undefined) return undefined;
  const reason = `nobody writes: ${Math.round(part.deltaBytes)} bytes of delta over ${bytesOf(part.current)} of current`;
  return planBase(state, options, part, reason);
}

/** Returns a merge of delta into base, the lowest keys first, with the Current files it overlaps or with all of them. */
export function planWholeBase(
  state: CompactionState,
  options: KvOptions,
  isFull: boolean,
): MergePlan | undefined {
  const runs = untilReplaced(state, deltaRuns(state));
  if (runs.length === 0) return undefined;
  const current = isFull ? filesOf(state, 'current') : overlappingCurrent(state, runs);
  const [part] = freeParts(state, runs, current, options);
  return part && planBase(state, options, part, 'all of delta goes into base on demand');
}

/** Returns the oldest runs, up to the first that a running job replaces. */
function untilReplaced(state: CompactionState, runs: readonly Run[]): Run[] {
  const replaced = runs.findIndex((run) => run.files.some((file) => isReplaced(state, file)));
  return replaced === -1 ? [...runs] : runs.slice(0, replaced);
}

/** Returns the runs without the newest that come to less than a fraction of all. */
function withoutLightest(runs: readonly Run[]): Run[] {
  const most = (1 - LIGHT_FRACTION) * bytesOf(runs);
  let bytes = 0;
  const last = runs.findIndex((run) => {
    bytes += run.bytes;
    return bytes >= most;
  });
  return runs.slice(0, last + 1);
}

function overlappingCurrent(state: CompactionState, runs: readonly Run[]): CompactionFile[] {
  const delta = runs.flatMap((run) => run.files);
  return filesOf(state, 'current').filter((file) => delta.some((input) => rangesOverlap(input, file)));
}

/** Returns the parts in which no running job takes a file or writes. */
function freeParts(
  state: CompactionState,
  runs: readonly Run[],
  current: readonly CompactionFile[],
  { partBytesMax }: KvOptions,
): BasePart[] {
  return baseParts(runs, current, partBytesMax).filter(
    ({ range, current: inside }) =>
      !(state.intoBase ?? []).some((job) => rangesOverlap(job.range, range ?? ALL_KEYS)) &&
      !inside.some((file) => isReplaced(state, file)),
  );
}

const ALL_KEYS = { lower: EMPTY_BYTES, upper: undefined };

function weightOf({ deltaBytes, current }: BasePart): number {
  return deltaBytes / Math.max(1, bytesOf(current));
}

function planBase(state: CompactionState, options: KvOptions, part: BasePart, reason: string): MergePlan {
  const { range, delta, current } = part;
  const inputs = [...delta, ...current];
  const isInput = new Set(inputs);
  const run = Math.max(...delta.map((file) => file.run));
  return {
    kind: 'merge',
    inputs,
    output: 'base',
    level: 0,
    run,
    readable: readableOf(state, options),
    upper: state.upper,
    windowMicros: options.windowMicros,
    archivedUpTo: archivedUpTo(state, options),
    forgetUpTo: options.forgetTimestamps ? forgettable(state, run) : undefined,
    range,
    fences: filesOf(state, 'current')
      .filter((file) => !isInput.has(file) && (range === undefined || rangesOverlap(file, range)))
      .map((file) => file.lower),
    reason,
  };
}

/**
 * Returns up to which timestamp rows may be taken for as old as that: no readable time lies before it, and every newer
 * version of their keys, which is in newer runs than `run`, lies above it.
 */
export function forgettable({ horizon, pins }: CompactionState, run: number): number | undefined {
  const upTo = Math.min(horizon, run);
  return pins.some((pin) => pin < upTo) ? undefined : upTo;
}
