/** The inputs of a merge as one cursor over all their rows, and their range deletes. */
import { compareBytes, EMPTY_BYTES } from '@clortho/base';
import { MergingCursor, type RangeDelete, Sst, type WorkMemory } from '@clortho/sst';
import type { CompactionFile } from '../strategy/compaction-file.ts';
import { compareUppers, isAtOrBelow } from '../strategy/overlap.ts';
import type { MergePlan } from '../strategy/plan.ts';
import { compareFiles } from '../strategy/runs.ts';
import { clipRangeDeletes, type KeyRange } from '../versions/clip-range-deletes.ts';
import { type Input, InputCursor } from './input-cursor.ts';
import type { MergeIo } from './merge-job.ts';

/** What a merge reads. */
export interface OpenInputs {
  /** All rows of the inputs in order, to be read from the first on. */
  readonly cursor: MergingCursor<InputCursor>;
  /** All range deletes of the inputs, clipped to what may be seen. */
  readonly rangeDeletes: readonly RangeDelete[];
}

const EVERYTHING: KeyRange = { lower: EMPTY_BYTES, upper: undefined };

/**
 * Opens the inputs that have range deletes, which must be known before the first row; the others are opened when
 * their rows are due, and decoded into `memory`.
 */
export async function openInputs(
  plan: MergePlan,
  io: MergeIo,
  readAheadBytes: number,
  memory: WorkMemory,
  signal: AbortSignal | undefined,
): Promise<OpenInputs> {
  const rangeDeletes: RangeDelete[] = [];
  const open = (file: CompactionFile): Promise<Sst> => openFile(file, io, readAheadBytes, signal);
  const inputs = await Promise.all(
    [...plan.inputs].sort(compareFiles).map(async (file): Promise<Input> => {
      const range = intersect(file, plan.range ?? EVERYTHING);
      if (file.rangeDeletes === 0) return { range, open: () => open(file) };
      const sst = await open(file);
      rangeDeletes.push(...clipRangeDeletes(sst.rangeDeletes, range));
      return { range, open: () => Promise.resolve(sst) };
    }),
  );
  const cursors = disjointChains(inputs).map((chain) => new InputCursor(chain, readAheadBytes, memory));
  return { cursor: new MergingCursor(cursors), rangeDeletes };
}

/** Opens an input; one that a single read brings whole is opened from memory. */
async function openFile(
  file: CompactionFile,
  io: MergeIo,
  readAheadBytes: number,
  signal: AbortSignal | undefined,
): Promise<Sst> {
  const { id, bytes: size, tailBytes, run } = file;
  const source = io.open(file);
  const options = { timestamp: file.uniform ? run : undefined, name: id };
  if (size > readAheadBytes) return Sst.open(source, { ...options, size, tailBytes }, signal);
  return Sst.openBytes(await source.read(0, size, signal), options);
}

function intersect(left: KeyRange, right: KeyRange): KeyRange {
  return {
    lower: compareBytes(left.lower, right.lower) < 0 ? right.lower : left.lower,
    upper: compareUppers(left.upper, right.upper) < 0 ? left.upper : right.upper,
  };
}

/** Splits inputs in order of their lower bounds into as few chains of disjoint ones as first-fit finds. */
function disjointChains(inputs: readonly Input[]): Input[][] {
  const chains: Input[][] = [];
  for (const input of inputs) {
    const fitting = chains.find((chain) => isAtOrBelow(chain.at(-1)?.range.upper, input.range.lower));
    if (fitting === undefined) chains.push([input]);
    else fitting.push(input);
  }
  return chains;
}
