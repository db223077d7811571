/** Broken rules of shards that are split. */
import type { Mutant } from './mutant.ts';

const COLLECTOR = 'engine/dist/maintenance/collect-garbage.js';
const SPLIT = 'manifest/dist/split-shard.js';
const COMMITTER = 'engine/dist/commit/committer.js';

/** See the module. */
export const SPLIT_MUTANTS: readonly Mutant[] = [
  {
    name: 'children of a split begin without the floor',
    edits: [{ file: SPLIT, find: 'version: 1,', replace: 'version: 1, floor: 0,' }],
    runsMax: 600,
  },
  {
    name: 'children of a split begin without the last commit',
    edits: [{ file: SPLIT, find: 'version: 1,', replace: 'version: 1, upper: 0,' }],
    runsMax: 600,
  },
  {
    name: 'a split leaves its parent open',
    edits: [{ file: 'manifest/dist/prepare-change.js', find: "{ state: 'sealed' }", replace: '{}' }],
    runsMax: 600,
  },
  {
    name: 'garbage collection takes no second look at the map',
    edits: [
      {
        file: COLLECTOR,
        find: 'const mark = this.#mark;',
        replace: 'const mark = this.#mark;\n        const first = await keeper.refresh();',
      },
      { file: COLLECTOR, find: 'if ((await this.#mapVersion()) === before)', replace: 'if (before > 0)' },
      {
        file: COLLECTOR,
        find: 'const { shards } = await keeper.refresh();',
        replace: `const known = first.map.shards;
        const shards = (await keeper.refresh()).shards.filter(({ head }) => known.includes(head.shard));`,
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'rows of a shard that was split are left behind',
    edits: [
      {
        file: COMMITTER,
        find: 'const moved = kept.length === uploads.length ? [] : rowsOf(group, view);',
        replace: 'const moved = [];',
      },
    ],
    runsMax: 600,
  },
  {
    name: 'a transaction takes no notice of shards that are new to it',
    edits: [
      {
        file: 'engine/dist/transaction/read-set.js',
        find: 'return known === undefined || known',
        replace: 'return known !== undefined && known',
      },
    ],
    runsMax: 3000,
  },
];
