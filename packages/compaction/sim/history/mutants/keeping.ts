/** Broken rules of what a family keeps besides readable times, and of files that move. */
import type { Mutant } from './mutant.ts';

const PICK_BASE = 'src/strategy/pick-base.js';
const PICK_MOVES = 'src/strategy/pick-moves.js';
const REPLACEMENT = 'src/strategy/replacement.js';
const RULES = 'src/merge/merge-rules.js';

const VERSIONS = 'the newest versions of a key stay, however old they are';
const TIMESTAMPS = 'a forgotten timestamp lies at or below every readable time and every newer version';
const FILTER = 'reads and merges agree on when a filter lets a row go';
const MOVES = 'a file moves if nothing older in delta, and nothing in Current, has its keys';

/** See the module. */
export const KEEPING_MUTANTS: readonly Mutant[] = [
  {
    name: 'one version fewer is kept',
    rule: VERSIONS,
    edits: [
      {
        file: RULES,
        find: 'newer < (rules.readable.versions ?? 0)',
        replace: 'newer < (rules.readable.versions ?? 0) - 1',
      },
    ],
  },
  {
    name: 'files of old versions go whole',
    rule: VERSIONS,
    edits: [{ file: 'src/strategy/pick-drops.js', find: 'if (versions > 0)', replace: 'if (false)' }],
  },
  {
    name: 'timestamps are forgotten up to the horizon, whatever is in delta',
    rule: TIMESTAMPS,
    edits: [{ file: PICK_BASE, find: 'Math.min(horizon, run)', replace: 'horizon' }],
  },
  {
    name: 'timestamps are forgotten up to the newest input, whatever the horizon',
    rule: TIMESTAMPS,
    edits: [{ file: PICK_BASE, find: 'Math.min(horizon, run)', replace: 'run' }],
  },
  {
    name: 'timestamps are forgotten under a pin',
    rule: TIMESTAMPS,
    edits: [{ file: PICK_BASE, find: 'pins.some((pin) => pin < upTo)', replace: 'false' }],
  },
  {
    name: 'merges do not ask the filter about deletes',
    rule: FILTER,
    edits: [{ file: 'src/versions/lives-of.js', find: ' || expiry <= timestamp', replace: '' }],
  },
  {
    name: 'reads do not ask the filter',
    rule: FILTER,
    edits: [
      {
        file: 'src/versions/resolve-at.js',
        find: 'expiryOf(rules, group, index) <= expiryAt',
        replace: 'expiryOf({ ...rules, filter: undefined }, group, index) <= expiryAt',
      },
    ],
  },
  {
    name: 'merges drop what a filter ends, an hour early',
    rule: FILTER,
    edits: [
      {
        file: 'src/merge/reduce-base.js',
        find: 'const until = Math.min(end, expiry);',
        replace: 'const until = Math.min(end, rules.filter === undefined ? expiry : expiry - 1);',
      },
    ],
  },
  {
    name: 'a file moves past older rows of its keys',
    rule: MOVES,
    edits: [{ file: PICK_MOVES, find: 'inTheWay.push(...run);', replace: '' }],
  },
  {
    name: 'a file moves beside others of Current that have its keys',
    rule: MOVES,
    edits: [{ file: PICK_MOVES, find: "= filesOf(state, 'current')", replace: '= []' }],
  },
  {
    name: 'a file with deletes moves',
    rule: MOVES,
    edits: [{ file: PICK_MOVES, find: 'file.deletes + file.merges', replace: 'file.merges' }],
  },
  {
    name: 'a file of several versions of a key moves',
    rule: MOVES,
    edits: [{ file: PICK_MOVES, find: 'file.uniform &&', replace: '' }],
  },
  {
    name: 'a file moves that another moved',
    rule: MOVES,
    edits: [
      {
        file: REPLACEMENT,
        find: 'tierOf.get(file.id) === file.tier',
        replace: 'removed.has(file.id)',
      },
      {
        file: 'sim/history/compactor.js',
        find: 'if (isApplied)',
        replace:
          "if (next.files.length !== state.files.length - removed.size + left.length + outputs.length) throw new Error('a file is there twice');\n            if (isApplied)",
      },
    ],
  },
];
