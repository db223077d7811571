/**
 * Mutants: the protocol with one rule broken, which the simulation must catch.
 *
 * Each is a replacement in one compiled file of a copy of the packages, so the code itself knows nothing of them. A
 * replacement that finds nothing to replace is an error: the mutant has to follow the code.
 */

/** One broken rule. */
export interface Mutant {
  readonly name: string;
  /** The compiled file, from the folder of packages. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Within how many runs it must be caught. */
  readonly runsMax: number;
}

/** All mutants. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a swap whose heads did not move is taken as lost',
    file: 'manifest/dist/settle.js',
    find: "return refused ? 'lost' : 'undecided';",
    replace: "return 'lost';",
    runsMax: 500,
  },
  {
    name: 'a swap is judged by the latest token of a head',
    file: 'manifest/dist/settle.js',
    find: 'headIn(register), change.expect + 1)',
    replace: 'headIn(register), register.version)',
    runsMax: 500,
  },
  {
    name: 'a refusal after a lost reply is taken as lost',
    file: 'manifest/dist/swap-heads.js',
    find: 'if (lostReply === undefined)\n                return',
    replace: 'if (true)\n                return',
    runsMax: 500,
  },
  {
    name: 'a commit ignores the floor of garbage',
    file: 'manifest/dist/prepare-change.js',
    find: 'if (stale !== undefined)',
    replace: 'if (stale !== undefined && edit.timestamp < 0)',
    runsMax: 1500,
  },
  {
    name: 'a transaction swaps only the shards that it wrote',
    file: 'engine/dist/commit/committer.js',
    find: 'Promise.all([...writes, ...raises])',
    replace: 'Promise.all([...writes])',
    runsMax: 600,
  },
  {
    name: 'a transaction does not raise the floor of what it read',
    file: 'engine/dist/commit/committer.js',
    find: '{ floor: timestamp })',
    replace: '{})',
    runsMax: 600,
  },
  {
    name: 'a transaction commits without looking at its reads again',
    file: 'engine/dist/commit/committer.js',
    find: 'if (condition !== undefined)',
    replace: 'if (condition !== undefined && race < 0)',
    runsMax: 600,
  },
  {
    name: 'a time is read without being closed',
    file: 'engine/dist/store.js',
    find: 'return changeShards(manifest, keeper, (state) => settledTimestamp(state.head) < timestamp ? { floor: timestamp } : undefined);',
    replace: 'return keeper.view;',
    runsMax: 600,
  },
  {
    name: 'garbage collection does not look at pins',
    file: 'engine/dist/maintenance/collect-garbage.js',
    find: 'await held.read()',
    replace: '{ everything: false, pins: [] }',
    runsMax: 1500,
  },
  {
    name: 'garbage collection trusts no floor',
    file: 'engine/dist/maintenance/collect-garbage.js',
    find: 'if (idOf(key) >= floor) {',
    replace: "if (idOf(key) >= '~') {",
    runsMax: 1500,
  },
  {
    name: 'sources of ids count on from the floor',
    file: 'base/dist/ids.js',
    find: 'const floorMs = decodeTime(floor);',
    replace: 'last = successor(floor); return last; const floorMs = decodeTime(floor);',
    runsMax: 500,
  },
  {
    name: 'a group commits before the one before it is settled',
    file: 'engine/dist/commit/committer.js',
    find: 'await Promise.all([uploaded.catch(() => undefined), committing]);',
    replace: 'await uploaded.catch(() => undefined);',
    runsMax: 1500,
  },
];
