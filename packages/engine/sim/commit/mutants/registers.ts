/** Broken rules of registers, swaps and heads. */
import type { Mutant } from './mutant.ts';

const SETTLE = 'manifest/dist/settle.js';

/** See the module. */
export const REGISTER_MUTANTS: readonly Mutant[] = [
  {
    name: 'an administrative change does not move the version of the register',
    edits: [
      {
        file: 'manifest/dist/head.js',
        find: 'version: head.version + 1, tail: [...head.tail, edit] };',
        replace: `...(edit.timestamp === 0 && edit.added.length + edit.removed.length === 0
          ? { version: head.version, tail: head.tail }
          : { version: head.version + 1, tail: [...head.tail, edit] }) };`,
      },
      {
        file: 'registers/dist/memory.js',
        find: 'version: expect + 1, value }',
        replace: `version: key.startsWith('shard/') ? decodeHead(value, key).version : expect + 1, value }`,
      },
      {
        file: 'registers/dist/memory.js',
        find: 'import { lostSwap }',
        replace: `import { decodeHead } from '@clortho/manifest';\nimport { lostSwap }`,
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'a swap whose heads did not move is taken as lost',
    edits: [{ file: SETTLE, find: "return refused ? 'lost' : 'undecided';", replace: "return 'lost';" }],
    runsMax: 500,
  },
  {
    name: 'a swap is judged by the latest token of a head',
    edits: [
      {
        file: SETTLE,
        find: 'headIn(register), change.expect + 1)',
        replace: 'headIn(register), register.version)',
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'the first head alone decides',
    edits: [
      {
        file: SETTLE,
        find: 'const register = registers[index];',
        replace: 'const register = registers[index];\n        if (index > 0) break;',
      },
      {
        file: SETTLE,
        find: 'register.version <= change.expect)\n            continue;',
        replace: "register.version <= change.expect)\n            return 'lost';",
      },
    ],
    runsMax: 500,
  },
  {
    name: 'a head that is only checked decides when it has moved',
    edits: [
      {
        file: SETTLE,
        find: '    let forgotten;',
        replace: `    const isChecked = ({ next }) => next.head.upper < next.head.floor && next.head.tail.at(-1)?.timestamp === 0;
    if (!prepared.every(isChecked)) {
        for (const [index, change] of prepared.entries()) {
            if (isChecked(change) && (registers[index]?.version ?? 0) > change.expect) return 'lost';
        }
    }
    let forgotten;`,
      },
    ],
    runsMax: 500,
  },
  {
    name: 'a refusal after a lost reply is taken as lost',
    edits: [
      {
        file: 'manifest/dist/swap-heads.js',
        find: 'if (lostReply === undefined)\n                return',
        replace: 'if (true)\n                return',
      },
    ],
    runsMax: 500,
  },
  {
    name: 'the new edit is folded, and the checkpoint used again after a lost race',
    edits: [
      {
        file: 'manifest/dist/prepare-change.js',
        find: `        next = await foldTail(context, { head: advanceHead(head, edit, patch), files, folded }, version);`,
        replace: `        const place = edit.token + head.shard;
        const known = checkpoints.get(place);
        if (known === version) {
            const rest = { ...edit, added: [], removed: [] };
            const reused = { ...head, segments: segmentsOf.get(place), tail: [] };
            next = { head: advanceHead(reused, rest, patch), folded };
        } else {
            next = await foldTail(context, { head: advanceHead(head, edit, patch), files, folded }, version);
            checkpoints.set(place, version + 1);
            segmentsOf.set(place, next.head.segments);
        }`,
      },
      {
        file: 'manifest/dist/prepare-change.js',
        find: 'export function mintToken(',
        replace: 'const checkpoints = new Map();\nconst segmentsOf = new Map();\nexport function mintToken(',
      },
    ],
    runsMax: 1500,
  },
  {
    name: 'a group commits before the one before it is settled',
    edits: [
      {
        file: 'engine/dist/commit/committer.js',
        find: 'await Promise.all([settled, this.#committing]);',
        replace: 'await settled;',
      },
    ],
    runsMax: 1500,
  },
];
