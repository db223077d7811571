/**
 * What a finished job does to the files of its family, and whether it still may.
 *
 *     input      [a ──────────────────── z)
 *     merged     ········[f ─── m)········       the range of the plan
 *     left       [a ── f)········[m ──── z)      parts of the input, which stay live
 *
 * A move leaves its files as they are, but in Current.
 *
 * Invariants:
 * - A job is valid if within its range its inputs are what they were, and nobody else wrote there: to base, since a merge
 *   within delta or History takes at least one of its inputs from every other that would write to the same place.
 */
import { compareBytes, EMPTY_BYTES } from '@clortho/base';
import type { KeyRange } from '../versions/clip-range-deletes.ts';
import type { CompactionFile } from './compaction-file.ts';
import { compareUppers } from './overlap.ts';
import type { CompactionState, RunningBaseMerge, Work } from './plan.ts';
import { rangesOverlap } from './runs.ts';

/** What a job takes away: all parts of its inputs, of which those in `left` are added again. */
export interface Replacement<File extends CompactionFile> {
  /** The ids of the inputs. */
  readonly removed: ReadonlySet<string>;
  readonly left: readonly File[];
}

const ALL_KEYS: KeyRange = { lower: EMPTY_BYTES, upper: undefined };

/**
 * Returns how `files` change when the job of `plan` is committed, `undefined` if it must not be. `before` are the files
 * when it was planned. Only files in tiers of the inputs are looked at.
 */
export function replacementOf<File extends CompactionFile>(
  plan: Work,
  before: Iterable<CompactionFile>,
  files: Iterable<File>,
): Replacement<File> | undefined {
  const inputs = inputsOf(plan);
  const range = (plan.kind === 'merge' ? plan.range : undefined) ?? ALL_KEYS;
  const removed = new Set(inputs.map((file) => file.id));
  const mine: File[] = [];
  const others: File[] = [];
  // A file that another job moved is not what it was.
  const tierOf = new Map(inputs.map((file) => [file.id, file.tier]));
  for (const file of files) (tierOf.get(file.id) === file.tier ? mine : others).push(file);
  if (!sameParts(partsIn(range, inputs), partsIn(range, mine))) return undefined;
  if (intoBaseOf(plan).some((job) => isWritten(job.range, before, others))) return undefined;
  if (plan.kind === 'move')
    return { removed, left: mine.map((file) => ({ ...file, tier: 'current', level: 0 })) };
  return { removed, left: mine.flatMap((file) => cutOut(file, range)) };
}

/** Returns what strategies must know of jobs that are being carried out. */
export function underWay(plans: readonly Work[]): Pick<CompactionState, 'busy' | 'intoBase'> {
  const others = plans.filter((plan) => intoBaseOf(plan).length === 0);
  return {
    busy: new Set(others.flatMap((plan) => inputsOf(plan).map((file) => file.id))),
    intoBase: plans.flatMap(intoBaseOf),
  };
}

/** Returns the files that a job takes. */
export function inputsOf(plan: Work): readonly CompactionFile[] {
  return plan.kind === 'merge' ? plan.inputs : plan.files;
}

/** Returns where a job writes to Current, and what it takes for it: a move does in the keys of its files. */
function intoBaseOf(plan: Work): RunningBaseMerge[] {
  if (plan.kind === 'move') return plan.files.map((file) => ({ range: file, inputs: new Set([file.id]) }));
  if (plan.kind === 'drop' || plan.output !== 'base') return [];
  return [{ range: plan.range ?? ALL_KEYS, inputs: new Set(plan.inputs.map((file) => file.id)) }];
}

/** Tells whether Current has a file in the range that it did not have before. */
function isWritten(
  range: KeyRange,
  before: Iterable<CompactionFile>,
  files: readonly CompactionFile[],
): boolean {
  const known = new Set<string>();
  for (const { id, tier } of before) if (tier === 'current') known.add(id);
  return files.some((file) => file.tier === 'current' && !known.has(file.id) && rangesOverlap(file, range));
}

/** Returns the parts of files inside of `range`, in one order. */
function partsIn(range: KeyRange, files: readonly CompactionFile[]): (KeyRange & { readonly id: string })[] {
  return files
    .filter((file) => rangesOverlap(file, range))
    .map(({ id, lower, upper }) => ({
      id,
      lower: compareBytes(lower, range.lower) < 0 ? range.lower : lower,
      upper: compareUppers(upper, range.upper) < 0 ? upper : range.upper,
    }))
    .sort((left, right) =>
      left.id === right.id ? compareBytes(left.lower, right.lower) : left.id < right.id ? -1 : 1,
    );
}

function sameParts(left: ReturnType<typeof partsIn>, right: ReturnType<typeof partsIn>): boolean {
  return (
    left.length === right.length &&
    left.every((part, index) => {
      const other = right[index] as typeof part;
      const isSame = part.id === other.id && compareBytes(part.lower, other.lower) === 0;
      return isSame && compareUppers(part.upper, other.upper) === 0;
    })
  );
}

/** Returns the parts of a file outside of `range`: none, one or two. */
function cutOut<File extends CompactionFile>(file: File, { lower, upper }: KeyRange): File[] {
  if (!rangesOverlap(file, { lower, upper })) return [file];
  const parts: File[] = [];
  if (compareBytes(file.lower, lower) < 0) parts.push({ ...file, upper: lower });
  if (compareUppers(upper, file.upper) < 0) parts.push({ ...file, lower: upper });
  return parts;
}
