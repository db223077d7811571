/** Broken rules of transactions, times, snapshots and reads. */
import type { Mutant } from './mutant.ts';

const COMMITTER = 'engine/dist/commit/committer.js';
const STORE = 'engine/dist/store.js';
const SNAPSHOT = 'engine/dist/snapshot/snapshot.js';
const KNOWN_ROWS = 'engine/dist/read/known-rows.js';
const CLOSING =
  'return changeShards(manifest, keeper, (state) => settledTimestamp(state.head) < timestamp ? { floor: timestamp } : undefined);';

/** See the module. */
export const READ_MUTANTS: readonly Mutant[] = [
  {
    name: 'a transaction swaps only the shards that it wrote',
    edits: [
      {
        file: COMMITTER,
        find: '[...writes, ...raises]',
        replace: '[...writes]',
      },
    ],
    runsMax: 600,
  },
  {
    name: 'a transaction does not raise the floor of what it read',
    edits: [{ file: COMMITTER, find: 'patch: { floor: timestamp }', replace: 'patch: {}' }],
    runsMax: 600,
  },
  {
    name: 'a transaction raises the floor of what it read without a check that it has not moved',
    edits: [
      {
        file: COMMITTER,
        find: 'const prepared = await this.#prepare(view, written, reads, token, timestamp);',
        replace: `const all = await this.#prepare(view, written, reads, token, timestamp);
        const shardsWritten = new Set([...written.keys()].map((position) => stateAt(view, position).head.shard));
        const shardsRead = new Set([...reads].map((position) => stateAt(view, position).head.shard));
        const prepared = all?.filter(({ shard }) => shardsWritten.has(shard));`,
      },
      {
        file: COMMITTER,
        find: "if ((await swapHeads(manifest, prepared)) === 'lost')",
        replace: `await changeShards(manifest, keeper, ({ head }) =>
            shardsRead.has(head.shard) && !shardsWritten.has(head.shard) && head.floor < timestamp
                ? { floor: timestamp }
                : undefined);
        if ((await swapHeads(manifest, prepared)) === 'lost')`,
      },
      {
        file: COMMITTER,
        find: 'import { encodeRows }',
        replace: `import { changeShards } from '../maintenance/change-shards.js';\nimport { encodeRows }`,
      },
    ],
    runsMax: 600,
  },
  {
    name: 'a transaction commits without looking at its reads again',
    edits: [
      {
        file: COMMITTER,
        find: 'if (condition !== undefined)\n            await condition(view);',
        replace: '',
      },
    ],
    runsMax: 600,
  },
  {
    name: 'a time is closed on whatever the head is, and read on what it was',
    edits: [
      {
        file: STORE,
        find: CLOSING,
        replace: `const { view } = keeper;
        await keeper.refresh();
        await changeShards(manifest, keeper, ({ head }) => head.floor < timestamp ? { floor: timestamp } : undefined);
        return view;`,
      },
    ],
    runsMax: 600,
  },
  {
    name: 'a time is read without being closed',
    edits: [{ file: STORE, find: CLOSING, replace: 'return keeper.view;' }],
    runsMax: 600,
  },
  {
    name: 'a snapshot reads all shards at the newest time of any',
    edits: [
      {
        file: SNAPSHOT,
        find: 'this.#reader.scan(ownedScan(options)',
        replace: 'this.#reader.scan({ ...ownedScan(options), asOf: options.asOf ?? this.timestamp }',
      },
      {
        file: SNAPSHOT,
        find: `                view,
                atLeast: async () => view,`,
        replace: `                get view() { return context.keeper.view; },
                atLeast: async () => context.keeper.view,`,
      },
      {
        file: SNAPSHOT,
        find: '(await settle?.(Math.min(newestCommit(known), limit))) ?? known',
        replace: 'known',
      },
      {
        file: SNAPSHOT,
        find: 'return settledEverywhere(this.#view);',
        replace: 'return newestCommit(this.#view);',
      },
      {
        file: SNAPSHOT,
        find: 'close: async (timestamp) => {',
        replace: 'close: async (timestamp) => {\n                    return context.keeper.view;',
      },
    ],
    runsMax: 600,
  },
  {
    name: "a read with `atLeast: 'latest'` does not look at the heads",
    edits: [
      {
        file: 'engine/dist/view/view-keeper.js',
        find: 'if (token === undefined)',
        replace: "if (token === undefined || token === 'latest')",
      },
    ],
    runsMax: 600,
  },
  {
    name: 'a scan that loses a file goes on with a newer version',
    edits: [
      {
        file: 'engine/dist/read/range-scan.js',
        find: 'return { ...pastTime(view.shards[position], this.#family, settled), expiryAt };',
        replace: `return timestamp === undefined
            ? latestTime(view.shards[position], this.#family, this.#context.time, this.#context.clock)
            : pastTime(view.shards[position], this.#family, timestamp);`,
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'a snapshot whose pin has expired goes on with a newer version',
    edits: [
      {
        file: SNAPSHOT,
        find: 'session.assertValid();\n                    throw lost;',
        replace: 'return context.keeper.refresh();',
      },
      { file: SNAPSHOT, find: 'this.#context.session.assertValid();', replace: '' },
    ],
    runsMax: 1500,
  },
  {
    name: 'a row that is known is not looked for in runs that came later',
    edits: [{ file: KNOWN_ROWS, find: '|| sst.mayContain(low, high)', replace: '' }],
    runsMax: 600,
  },
  {
    name: 'a row stays known although runs went into base',
    edits: [
      {
        file: KNOWN_ROWS,
        find: "if ([...came, ...went].some(({ tier }) => tier !== 'delta'))",
        replace: 'if (false)',
      },
    ],
    runsMax: 600,
  },
];
