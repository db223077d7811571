/** Broken rules of pins, garbage collection and vanished objects. */
import type { Mutant } from './mutant.ts';

const COLLECTOR = 'engine/dist/maintenance/collect-garbage.js';
const IDS = 'base/dist/ids.js';
/** Where a pass reads the pins that count. */
const READ_HELD = 'const pins = await this.#readHeld(pinned);';

/** See the module. */
export const GARBAGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a pin is made without holding everything first',
    edits: [
      {
        file: 'engine/dist/snapshot/pin-session.js',
        find: 'await this.#write();\n            made = await make();',
        replace: 'made = await make();',
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'garbage collection deletes while everything is held',
    edits: [{ file: COLLECTOR, find: 'if (pins.everything)', replace: 'if (false)' }],
    runsMax: 1500,
  },
  {
    name: 'garbage collection does not look at pins',
    edits: [{ file: COLLECTOR, find: READ_HELD, replace: 'const pins = { everything: false, pins: [] };' }],
    runsMax: 1500,
  },
  {
    name: 'a pin keeps versions, not what they refer to',
    edits: [
      {
        file: COLLECTOR,
        find: 'addReferences(keys, await loadState(manifest.objects, { store, shard }, bytes, undefined));',
        replace: `for (const state of this.#context.keeper.view.shards)
                if (state.head.shard === shard)
                    addReferences(keys, state);`,
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'a pin is narrowed to the heads of some shards',
    edits: [
      {
        file: 'engine/dist/snapshot/snapshot.js',
        find: 'const heads = newest.shards.map(',
        replace: 'const heads = newest.shards.slice(0, 1).map(',
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'pins are read before heads',
    edits: [
      {
        file: COLLECTOR,
        find: READ_HELD,
        replace: '',
      },
      {
        file: COLLECTOR,
        find: 'const { shards } = await keeper.refresh();',
        replace: `${READ_HELD}\n        const { shards } = await keeper.refresh();`,
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'heads are read again, and the pins are not',
    edits: [
      {
        file: COLLECTOR,
        find: READ_HELD,
        replace: `${READ_HELD}
        live.clear();
        for (const state of (await keeper.refresh()).shards)
            addReferences(live, state);`,
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'the floor of garbage is raised to now',
    edits: [
      {
        file: COLLECTOR,
        find: 'const mark = this.#mark;\n        const nextMark =',
        replace: 'const mark =',
      },
      { file: COLLECTOR, find: 'this.#mark = nextMark;', replace: '' },
    ],
    runsMax: 1500,
  },
  {
    name: 'garbage collection trusts no floor',
    edits: [{ file: COLLECTOR, find: 'if (idOf(key) >= floor) {', replace: "if (idOf(key) >= '~') {" }],
    runsMax: 1500,
  },
  {
    name: 'a commit ignores the floor of garbage',
    edits: [
      {
        file: 'manifest/dist/prepare-change.js',
        find: 'if (stale !== undefined)',
        replace: 'if (stale !== undefined && edit.timestamp < 0)',
      },
      {
        file: 'engine/dist/commit/committer.js',
        find: 'return upload.entry.id < floor ? this.#put(upload.file, floor) : upload;',
        replace: 'return upload;',
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'a merge ignores the floor of garbage',
    edits: [
      {
        file: 'manifest/dist/prepare-change.js',
        find: 'if (stale !== undefined)',
        replace: 'if (stale !== undefined && edit.timestamp < 0)',
      },
      {
        file: 'engine/dist/maintenance/job-outputs.js',
        find: '({ entry }) => entry.id < floor',
        replace: '() => false',
      },
      {
        file: 'engine/dist/maintenance/job-outputs.js',
        find: '({ floor }) => floor < newest',
        replace: '() => false',
      },
      { file: COLLECTOR, find: 'workingSince() ?? manifest', replace: 'manifest' },
    ],
    runsMax: 1000,
  },
  {
    name: 'ids are minted below the floor',
    edits: [
      { file: IDS, find: 'mint(floor = ID_MIN) {', replace: 'mint() {\n            const floor = ID_MIN;' },
    ],
    runsMax: 1500,
  },
  {
    name: 'sources of ids count on from the floor',
    edits: [
      {
        file: IDS,
        find: 'const floorMs = decodeTime(floor);',
        replace:
          'last = successor(floor);\n            return last;\n            const floorMs = decodeTime(floor);',
      },
    ],
    runsMax: 500,
  },
  {
    name: 'a checkpoint that is gone is damage, even if the head has moved on',
    edits: [
      {
        file: 'engine/dist/view/view-keeper.js',
        find: "if (tries >= RELOADS_MAX || !isClorthoError(error, 'CLORTHO_CORRUPT'))",
        replace: 'if (true)',
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'a checkpoint that is gone while it is folded is damage, even if the head has moved on',
    edits: [
      {
        file: 'manifest/dist/prepare-change.js',
        find: 'if (register === undefined || register.version <= version)\n        throw error;',
        replace: 'throw error;',
      },
    ],
    runsMax: 1500,
  },
];
