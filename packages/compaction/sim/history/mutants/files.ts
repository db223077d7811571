/** Broken rules of which files a job takes, and what it leaves. */
import type { Mutant } from './mutant.ts';

const PICK_BASE = 'src/strategy/pick-base.js';
const DROPS = 'src/strategy/pick-drops.js';
const REPLACEMENT = 'src/strategy/replacement.js';
const OUTPUTS = 'src/merge/merge-outputs.js';
const INPUTS = 'src/merge/open-inputs.js';
const OLDEST = 'return replaced === -1 ? [...runs] : runs.slice(0, replaced);';

const CONTIGUITY = 'a merge into base takes the oldest runs, contiguous in age';
const OVERLAP = 'a merge into base takes all of Current that shares a key with it';
const PARTS =
  'a merge of a range of keys clips its inputs, and is valid if nobody changed or wrote that range';
const BUCKETS = 'a file of History goes when the last of its rows is not read any more';
const EXPIRY = 'expiry is judged at the time of the read';
const VISIBLE = 'of a file that was clipped, nothing outside of its bounds is seen';

/** See the module. */
export const FILE_MUTANTS: readonly Mutant[] = [
  {
    name: 'base takes the newest delta runs',
    rule: CONTIGUITY,
    edits: [{ file: PICK_BASE, find: OLDEST, replace: 'return runs.slice(-Math.ceil(runs.length / 2));' }],
  },
  {
    name: 'base skips the oldest delta run',
    rule: CONTIGUITY,
    edits: [
      { file: PICK_BASE, find: OLDEST, replace: 'return runs.length < 2 ? [...runs] : runs.slice(1);' },
    ],
  },
  {
    name: 'base passes over runs that another job replaces',
    rule: CONTIGUITY,
    edits: [
      {
        file: PICK_BASE,
        find: OLDEST,
        replace: 'return runs.filter((run) => !run.files.some((file) => isReplaced(state, file)));',
      },
    ],
  },
  {
    name: 'delta merges runs with others between them',
    rule: 'a merge within delta takes runs that are contiguous in age',
    edits: [
      {
        file: 'src/strategy/pick-delta.js',
        find: 'stretches(deltaRuns(state))',
        replace: 'stretches(deltaRuns(state).filter((run) => !run.isBusy))',
      },
    ],
  },
  {
    name: 'files overlap only if their timestamps do, too',
    rule: OVERLAP,
    edits: [
      {
        file: PICK_BASE,
        find: 'delta.some((input) => rangesOverlap(input, file))',
        replace:
          'delta.some((input) => rangesOverlap(input, file) && input.minTimestamp <= file.maxTimestamp)',
      },
    ],
  },
  {
    name: 'outputs cross files of Current that are no inputs',
    rule: OVERLAP,
    edits: [{ file: OUTPUTS, find: 'fences: plan.fences ?? []', replace: 'fences: []' }],
  },
  {
    name: 'rows that are copied cross files of Current that are no inputs',
    rule: OVERLAP,
    edits: [{ file: OUTPUTS, find: 'main.endsBefore(current)', replace: 'false' }],
  },
  {
    name: 'a fence is forgotten once it was asked for',
    rule: OVERLAP,
    edits: [
      {
        file: 'src/merge/output-stream.js',
        find: 'return this.#isFull || (fence !== undefined && isAtOrBelow(fence, next));',
        replace: `const isBefore = fence !== undefined && isAtOrBelow(fence, next);
        if (isBefore) this.#fence += 1;
        return this.#isFull || isBefore;`,
      },
    ],
  },
  {
    name: 'a merge of some keys leaves its inputs as they were',
    rule: PARTS,
    edits: [
      {
        file: REPLACEMENT,
        find: 'left: mine.flatMap((file) => cutOut(file, range))',
        replace: 'left: range === ALL_KEYS ? [] : mine',
      },
    ],
  },
  {
    name: 'a merge of some keys takes its inputs whole',
    rule: PARTS,
    edits: [
      { file: REPLACEMENT, find: 'left: mine.flatMap((file) => cutOut(file, range))', replace: 'left: []' },
    ],
  },
  {
    name: 'inputs are live if their ids are',
    rule: PARTS,
    edits: [
      {
        file: REPLACEMENT,
        find: '!sameParts(partsIn(range, inputs), partsIn(range, mine))',
        replace: '!inputs.every(({ id }) => mine.some((file) => file.id === id))',
      },
    ],
  },
  {
    name: 'nobody asks who wrote to base meanwhile',
    rule: PARTS,
    edits: [{ file: REPLACEMENT, find: 'isWritten(job.range, before, others)', replace: 'false' }],
  },
  {
    name: 'a job is committed without another look at the files',
    rule: PARTS,
    edits: [
      {
        file: REPLACEMENT,
        find: '!sameParts(partsIn(range, inputs), partsIn(range, mine))',
        replace: 'false',
      },
    ],
  },
  {
    name: 'a bucket is dropped when the first of its rows has ended',
    rule: BUCKETS,
    edits: [
      {
        file: DROPS,
        find: 'Math.min(file.maxEndTimestamp, expiry)',
        replace: 'Math.min(file.minEndTimestamp, expiry)',
      },
    ],
  },
  {
    name: 'a bucket is dropped by when its window begins',
    rule: BUCKETS,
    edits: [
      {
        file: DROPS,
        find: 'Math.min(file.maxEndTimestamp, expiry)',
        replace: 'Math.min(file.maxEndTimestamp - (file.maxEndTimestamp % 4), expiry)',
      },
    ],
  },
  {
    name: 'a bucket is dropped although a pin lies within it',
    rule: BUCKETS,
    edits: [
      {
        file: DROPS,
        find: 'isReadable(state, file.minTimestamp, Math.min',
        replace: 'isReadable({ ...state, pins: [] }, file.minTimestamp, Math.min',
      },
    ],
  },
  {
    name: 'History is pruned by its windows',
    rule: 'a file of History is skipped by its own first and last times',
    edits: [
      {
        file: 'sim/history/visible-files.js',
        find: 'if (file.minTimestamp > asOf)',
        replace: `const first = file.tier === 'history' ? file.minEndTimestamp - (file.minEndTimestamp % 4) : file.minTimestamp;
    if (first > asOf)`,
      },
    ],
  },
  {
    name: 'files of expired rows go although operands rest on them',
    rule: EXPIRY,
    edits: [{ file: DROPS, find: 'other.merges > 0', replace: 'false' }],
  },
  {
    name: 'files go that expire after the last commit and before the horizon',
    rule: EXPIRY,
    edits: [
      { file: 'sim/history/shard.js', find: 'return Math.min(horizon, upper);', replace: 'return horizon;' },
    ],
  },
  {
    name: 'a merge reads more of a file than may be seen',
    rule: VISIBLE,
    edits: [
      {
        file: INPUTS,
        find: 'intersect(file, plan.range ?? EVERYTHING)',
        replace: 'intersect(EVERYTHING, plan.range ?? EVERYTHING)',
      },
    ],
  },
  {
    name: 'children of a split have the files whole',
    rule: VISIBLE,
    edits: [
      {
        file: 'sim/history/shard.js',
        find: 'parent.files.flatMap((file) => clip(file, keys))',
        replace: 'parent.files',
      },
    ],
  },
];
