/** Broken rules of what becomes of the versions of a key. */
import type { Mutant } from './mutant.ts';

const DELTA = 'src/merge/reduce-delta.js';
const BASE = 'src/merge/reduce-base.js';
const INDEX = 'src/versions/range-delete-index.js';
const READABLE = 'src/strategy/readable.js';

const NEEDED = 'if (!isNeeded(rules, life, lives.length - 1 - index))';
const UNTIL = 'const until = Math.min(end, expiry);';

const TOMBSTONES = 'the newest tombstone stays in delta';
const OPERANDS = 'a version that an operand rests on is folded, and only if no time between is read';
const INTERVALS = 'base writes down when each version ended, exactly where that is read';
const EXPIRY = 'expiry is judged at the time of the read';
const ROWS = 'one row per key and timestamp, and range deletes cover what is strictly older';
const TIMES = 'what a readable time needs stays';

/** See the module. */
export const VERSION_MUTANTS: readonly Mutant[] = [
  {
    name: 'a masking tombstone is dropped from delta',
    rule: TOMBSTONES,
    edits: [
      {
        file: DELTA,
        find: 'if (group.length === 1) {',
        replace: 'if (group.length === 1) {\nif (group.kinds[0] === DELETE) return;',
      },
    ],
  },
  {
    name: 'a newest tombstone above older rows is dropped from delta',
    rule: TOMBSTONES,
    edits: [
      {
        file: DELTA,
        find: 'if (below !== undefined)\n        kept.push(below);',
        replace: 'if (below !== undefined && below.kind !== DELETE)\n        kept.push(below);',
      },
    ],
  },
  {
    name: 'a version below an operand is dropped by its interval alone',
    rule: OPERANDS,
    edits: [{ file: DELTA, find: 'if (version.kind !== MERGE)', replace: 'if (true)' }],
  },
  {
    name: 'operands fold in delta although a time between them is read',
    rule: OPERANDS,
    edits: [
      {
        file: DELTA,
        find: 'if (isKept(rules, below.timestamp, version.timestamp, newer))\n        return version;',
        replace: '',
      },
    ],
  },
  {
    name: 'base skips the intervals of operands that are still read',
    rule: OPERANDS,
    edits: [
      {
        file: BASE,
        find: NEEDED,
        replace:
          'if (!isNeeded(rules, life, lives.length - 1 - index) || group.kinds[group.timestamps.indexOf(life.end)] === 2)',
      },
    ],
  },
  {
    name: 'base keeps only the newest life',
    rule: INTERVALS,
    edits: [{ file: BASE, find: NEEDED, replace: 'if (life.end !== NEVER)' }],
  },
  {
    name: 'an end timestamp is one late',
    rule: INTERVALS,
    edits: [{ file: BASE, find: 'timestamp, end, PUT', replace: 'timestamp, end + 1, PUT' }],
  },
  {
    name: 'an end timestamp is one early',
    rule: INTERVALS,
    edits: [
      {
        file: BASE,
        find: 'sink.append(',
        replace: 'if (end !== NEVER && end - 1 <= timestamp) continue;\nsink.append(',
      },
      { file: BASE, find: 'timestamp, end, PUT', replace: 'timestamp, end === NEVER ? end : end - 1, PUT' },
    ],
  },
  {
    name: 'expiry is judged at the time of the merge',
    rule: EXPIRY,
    edits: [
      {
        file: BASE,
        find: UNTIL,
        replace: `if (rules.ttlMicros !== undefined && rules.mergedUpTo - timestamp >= rules.ttlMicros) return false;
    ${UNTIL}`,
      },
    ],
  },
  {
    name: 'operands fold whatever the time to live',
    rule: EXPIRY,
    edits: [
      {
        file: DELTA,
        find: "if (below.kind === MERGE && rules.ttlMicros !== undefined)\n        return 'both stay';",
        replace: '',
      },
    ],
  },
  {
    name: 'expired rows leave base although an operand may still come',
    rule: EXPIRY,
    edits: [
      {
        file: BASE,
        find: 'return end === NEVER && rules.operator !== undefined && until > rules.mergedUpTo;',
        replace: 'return false;',
      },
    ],
  },
  {
    name: 'a range delete covers its own timestamp',
    rule: ROWS,
    edits: [
      { file: INDEX, find: 'add(left++, range.timestamp)', replace: 'add(left++, range.timestamp + 0.5)' },
      { file: INDEX, find: 'add(--right, range.timestamp)', replace: 'add(--right, range.timestamp + 0.5)' },
    ],
  },
  {
    name: 'range deletes are not applied when base drops them',
    rule: ROWS,
    edits: [
      {
        file: 'src/merge/execute-merge.js',
        find: 'rangeDeletes: RangeDeleteIndex.of(rangeDeletes),',
        replace: "rangeDeletes: plan.output === 'base' ? undefined : RangeDeleteIndex.of(rangeDeletes),",
      },
    ],
  },
  {
    name: 'a batch has several rows of a key',
    rule: ROWS,
    edits: [
      {
        file: 'sim/history/world.js',
        find: '!keys.has(index) && keys.add(index)',
        replace: 'keys.add(index)',
      },
    ],
  },
  {
    name: 'a version goes that is read at the very horizon',
    rule: TIMES,
    edits: [{ file: READABLE, find: 'end > readable.horizon', replace: 'end > readable.horizon + 1' }],
  },
  {
    name: 'pins are ignored',
    rule: TIMES,
    edits: [{ file: READABLE, find: 'pin >= start && pin < end', replace: 'false' }],
  },
  {
    name: 'a pin at the beginning of an interval does not keep it',
    rule: TIMES,
    edits: [{ file: READABLE, find: 'pin >= start', replace: 'pin > start' }],
  },
];
