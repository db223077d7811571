/** Broken rules of reading the past, each of which the runs must catch. */
import type { Mutant } from '../commit/mutants/mutant.ts';

const SHARD_CURSOR = 'engine/dist/read/shard-cursor.js';
const LOOKUP = 'engine/dist/read/lookup.js';
const TIME_OF_READ = 'engine/dist/read/time-of-read.js';
const OWN_TIME =
  '(file.tier === "history" ? file.minEndTimestamp - (file.minEndTimestamp % 10) : file.minTimestamp)';

/** Seeds in which mutants show: between them, all of them. */
export const KEPT_SEEDS: readonly number[] = [128, 176, 1];

/** See the module. */
export const PAST_MUTANTS: readonly Mutant[] = [
  {
    name: 'a delta file that statistics skip hides its keys',
    edits: [
      {
        file: 'engine/dist/read/matching-rows.js',
        find: 'hidden.some((file) => file.maxTimestamp > row.timestamp && holdsKey(file, row.key))',
        replace: 'false',
      },
    ],
    runsMax: 400,
  },
  {
    name: 'statistics skip a delta file of operands',
    edits: [
      {
        file: SHARD_CURSOR,
        find: '[...operands.filter(countAll), ...plain.filter(matches)]',
        replace: '[...operands.filter(matches), ...plain.filter(matches)]',
      },
    ],
    runsMax: 400,
  },
  {
    name: 'scans prune History by its buckets',
    edits: [
      { file: SHARD_CURSOR, find: 'file.minTimestamp <= time.asOf', replace: `${OWN_TIME} <= time.asOf` },
    ],
    runsMax: 400,
  },
  {
    name: 'lookups prune History by its buckets',
    edits: [{ file: LOOKUP, find: 'file.minTimestamp > time.asOf', replace: `${OWN_TIME} > time.asOf` }],
    runsMax: 400,
  },
  {
    name: 'a file of History has ended one microsecond early',
    edits: [
      {
        file: 'engine/dist/read/read-time.js',
        find: 'file.maxEndTimestamp <= asOf',
        replace: 'file.maxEndTimestamp <= asOf + 1',
      },
    ],
    runsMax: 400,
  },
  {
    name: 'a row of History is alive at its end',
    edits: [{ file: LOOKUP, find: 'cursor.endTimestamp <= asOf', replace: 'cursor.endTimestamp < asOf' }],
    runsMax: 400,
  },
  {
    name: 'a read of the past judges expiry by the last commit',
    edits: [
      {
        file: TIME_OF_READ,
        find: 'expiryAt: asOf, latest: asOf',
        replace: 'expiryAt: head.upper, latest: asOf',
      },
    ],
    runsMax: 400,
  },
  {
    name: 'a time below the horizon is read',
    edits: [{ file: TIME_OF_READ, find: 'if (asOf < horizon)', replace: 'if (false)' }],
    runsMax: 400,
  },
  {
    name: 'a history lists a delete at the horizon',
    edits: [
      {
        file: 'compaction/dist/versions/history-of.js',
        find: 'isDeleted && life.end > horizon',
        replace: 'isDeleted',
      },
    ],
    runsMax: 400,
  },
];
