/** Ways in which the same rows may lie in files: whatever a script asks, all of them answer the same. */
import type { OpenOptions } from '../../../src/index.ts';

/** A layout. */
export interface Layout {
  readonly name: string;
  readonly options: OpenOptions;
  /** The store is compacted after so many commands; never, if absent. */
  readonly compactEvery?: number | undefined;
  /** The store is opened anew before every command. */
  readonly reopens?: boolean | undefined;
}

const BASIC: OpenOptions = { time: 'external', compaction: 'manual', refreshMs: 1e9 };
/** Blocks of a row or two, files of few blocks, buckets of ten microseconds. */
const SMALL = { threads: 0, blockBytes: 16, fileBytes: 96, historyBucketMs: 0.01, tailEdits: 3 } as const;

/** All layouts; the first one is what scripts are written from. */
export const LAYOUTS: readonly Layout[] = [
  { name: 'delta', options: { ...BASIC, tuning: { threads: 0 } } },
  { name: 'compacted', options: { ...BASIC, tuning: { threads: 0 } }, compactEvery: 1 },
  { name: 'small', options: { ...BASIC, tuning: SMALL }, compactEvery: 1 },
  { name: 'small, sometimes compacted', options: { ...BASIC, tuning: SMALL }, compactEvery: 3 },
  {
    name: 'background',
    options: { ...BASIC, compaction: 'auto', tuning: { ...SMALL, deltaRuns: 2, runsMax: 2 } },
  },
  {
    name: 'reopened',
    options: { ...BASIC, cacheBytes: 0, tableBytes: 0, tuning: SMALL },
    compactEvery: 4,
    reopens: true,
  },
];
