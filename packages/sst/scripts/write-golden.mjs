/**
 * Writes the golden files of the format version that this build writes: those that are not there yet.
 *
 *     node packages/sst/scripts/write-golden.mjs          after a build; on a Node with zstd for all of them
 *
 * A golden file shows what was once written, and stays as it is: this script never overwrites one. Beside every `.sst`
 * lies a `.json` with the options of the writer and what the file holds, as it was put in. Bytes are text of one
 * character per byte there, or a list of such texts and [text, times]; an end of `null` is none.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import {
  bloom,
  codecNames,
  countBy,
  DELETE,
  distinct,
  encodeSst,
  MERGE,
  minMax,
  NEVER,
  PUT,
  Sst,
} from '@clortho/sst';

const FOLDER = new URL('../test/golden/', import.meta.url);
/** Where a file has the version, from its end. */
const VERSION_AT = -12;
const KINDS = { put: PUT, delete: DELETE, merge: MERGE };
const COLLECTORS = { minMax, bloom, distinct, countBy };
const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyz');
const PLAIN = {
  blockBytes: 32_768,
  indexPartitionBytes: 131_072,
  codec: 'none',
  filter: { family: 'split-block-bloom', bitsPerKey: 12 },
  salt: 1,
  timestamps: 'stored',
};

const cases = {
  empty: { about: 'no rows and no range deletes', rows: [] },
  'one-row': { about: 'one row', rows: [['ant', 20, null, 'put', 'one']] },
  'empty-key': {
    about: 'the empty key, and keys that begin other keys; no filter',
    options: { filter: { family: 'none' } },
    rows: [
      ['', 9, null, 'put', 'newer'],
      ['', 4, 9, 'put', ''],
      ['\0', 1, null, 'put', 'zero'],
      ['\0\0', 1, null, 'put', 'two zeros'],
      ['a', 7, null, 'put', 'x'],
      ['ab', 6, null, 'put', 'y'],
      ['\xff', 5, null, 'put', 'z'],
      ['\xff\xff', 5, null, 'delete', ''],
    ],
  },
  versions: {
    about: 'versions of a key over several blocks, and a key between that has one',
    options: { blockBytes: 220 },
    rows: [
      ...versions('user:1001', 40),
      ['user:1002', 1_700_000_000_000_007, null, 'put', 'only'],
      ...versions('user:1003', 25),
    ],
  },
  ends: {
    about: 'superseded versions, as history keeps them: each ends where the next begins',
    options: { blockBytes: 400 },
    rows: keys(30, (key, n) => [
      [key, 2000 + n, 3000 + n, 'put', `b${n}`],
      [key, 1000 + n, 2000 + n, 'put', `a${n}`],
      [key, -5 - n, n % 3 === 0 ? null : 1000 + n, 'put', ''],
    ]),
  },
  kinds: {
    about: 'puts, deletes and merge operands, and range deletes that overlap',
    rows: keys(24, (key, n) => [
      [key, 100 + n, null, 'merge', `+${n}`],
      [key, 90, 100 + n, n % 4 === 0 ? 'delete' : 'put', n % 4 === 0 ? '' : `value ${n}`],
      [key, 80, null, 'merge', ''],
    ]),
    rangeDeletes: [
      ['', 'key', 3],
      ['key 005', 'key 009', 95],
      ['key 005', 'key 007', 85],
      ['key 005', 'key 009', 85],
      ['key 006', 'zoo', 50],
    ],
  },
  'range-deletes': {
    about: 'range deletes only, one of them twice',
    rows: [],
    rangeDeletes: [
      ['a', 'b', -7],
      ['m', 'n', 30],
      ['m', 'mm', 20],
      ['m', 'n', 20],
      ['m', 'n', 20],
      ['z', 'z\0', 9_007_199_254_740_991],
    ],
  },
  'timestamps-absent': {
    about: 'a file without timestamps, as a commit writes it',
    options: { timestamps: 'absent', blockBytes: 300 },
    timestamp: 1_700_000_000_123_456,
    rows: keys(40, (key, n) => [
      [key, 1_700_000_000_123_456, n % 5 === 0 ? 1_800_000_000_000_000 : null, 'put', `v${n}`],
    ]),
    rangeDeletes: [
      ['a', 'c', 1_700_000_000_123_456],
      ['k', 'key 003', 1_700_000_000_123_456],
    ],
  },
  integers: {
    about:
      'one block for every width of deltas and size of the base, in timestamps and, the other way round, in ends',
    options: { blockBytes: 36 },
    rows: integerRows(),
  },
  'codec-lz4': { about: 'blocks in LZ4', ...compressible('lz4') },
  'codec-deflate': { about: 'blocks in deflate', ...compressible('deflate') },
  'codec-zstd': { about: 'blocks in zstd', ...compressible('zstd') },
  'filter-bloom-filters': {
    about: 'a filter of the library bloom-filters',
    options: { filter: { family: 'bloom-filters', errorRate: 0.01 } },
    rows: keys(50, (key, n) => [[key, n, null, 'put', '']]),
  },
  'filter-binary-fuse': {
    about: 'a binary fuse filter',
    options: { filter: { family: 'binary-fuse' } },
    rows: keys(150, (key, n) => [[key, n, null, 'put', '']]),
  },
  collectors: {
    about: 'every collector, with blocks that have nothing to say',
    options: {
      blockBytes: 220,
      collectors: [
        ['minMax', 'size', { type: 'uint8', offset: 0 }],
        ['bloom', 'letters', { type: 'bytes', offset: 1, length: 1 }],
        ['distinct', 'variety', { type: 'bytes', offset: 0, length: 2 }, { precision: 4 }],
        ['countBy', 'symbol', { type: 'bytes', offset: 0, length: 1 }],
        ['countBy', 'crowded', { type: 'bytes', offset: 1, length: 1 }, { valuesMax: 5 }],
      ],
    },
    rows: keys(48, (key, n) => [
      n >= 20 && n < 34
        ? [key, n, null, 'delete', '']
        : [key, n, null, 'put', `${'!#+AZ'[n % 5]}${'abcdefgh'[n % 8]}.`],
    ]),
  },
  partitions: {
    about: 'an index in partitions, with statistics; a key goes on from one partition to the next',
    options: {
      blockBytes: 90,
      indexPartitionBytes: 200,
      collectors: [['countBy', 'first', { type: 'bytes', offset: 0, length: 1 }]],
    },
    rows: [...keys(30, (key, n) => [[key, n, null, 'put', `${n % 3} of three`]]), ...versions('last', 30)],
  },
  salt: {
    about: 'the greatest salt',
    options: { salt: 0xffff_ffff, blockBytes: 60 },
    rows: keys(6, (key, n) => [[key, n, null, 'put', 'salted']]),
  },
  'long-keys': {
    about: 'keys and bounds of ranges of the greatest length; blocks in LZ4 keep the file small',
    options: { codec: 'lz4' },
    rows: [
      [[['k', 300]], 1, null, 'put', 'short'],
      [[['k', 65_534], 'a'], 2, null, 'put', 'a'],
      [[['k', 65_534], 'a'], 1, 2, 'put', ''],
      [[['k', 65_535]], 1, null, 'put', [['v', 70_000]]],
    ],
    rangeDeletes: [[[['k', 65_535]], [['k', 65_535], '\0'], 1]],
  },
};

for (const [name, golden] of Object.entries(cases)) write(name, golden);

function write(name, { about, options = {}, timestamp, rows, rangeDeletes = [] }) {
  const written = { ...PLAIN, ...options };
  if (!codecNames.includes(written.codec)) return say(name, 'left out: this runtime does not have the codec');
  const collectors = (written.collectors ?? []).map(([kind, ...facts]) => COLLECTORS[kind](...facts));
  const { bytes, summary } = encodeSst(
    rows.map(([key, time, end, kind, value]) => ({
      key: bytesOf(key),
      timestamp: time,
      endTimestamp: end ?? NEVER,
      kind: KINDS[kind],
      value: bytesOf(value),
    })),
    {
      ...written,
      collectors,
      rangeDeletes: rangeDeletes.map(([start, end, time]) => ({
        start: bytesOf(start),
        end: bytesOf(end),
        timestamp: time,
      })),
    },
  );
  const file = new URL(`v${bytes.at(VERSION_AT)}/${name}.sst`, FOLDER);
  if (existsSync(file)) return say(name, 'kept as it is');
  const { bytes: size, tailBytes, statistics: _, minKey: __, maxKey: ___, ...counts } = summary;
  const opened = Sst.openBytes(bytes, { timestamp, collectors });
  const expected = {
    about,
    options: written,
    timestamp,
    summary: { size, tailBytes, ...counts },
    ...(collectors.length > 0 && {
      statistics: shown(opened.statistics),
      blockStatistics: opened.blockTable().map(({ statistics }) => shown(statistics)),
    }),
    rangeDeletes,
    rows,
  };
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, bytes, { flag: 'wx' });
  writeFileSync(new URL(`${name}.json`, file), jsonOf(expected), { flag: 'wx' });
  return say(name, `written, ${size} bytes`);
}

/** Statistics as JSON has them; of a Bloom filter, what it says of the lower-case letters. */
function shown(statistics) {
  return Object.fromEntries(
    Object.entries(statistics).map(([name, one]) => {
      if ('entries' in one) return [name, one.entries];
      if (!('mayContain' in one)) return [name, one];
      return [name, LETTERS.filter((letter) => one.mayContain(letter)).join('')];
    }),
  );
}

/** JSON with one line per field, row, range and block. */
function jsonOf(expected) {
  const list = (rows) =>
    rows.length === 0 ? '[]' : `[\n    ${rows.map((row) => JSON.stringify(row)).join(',\n    ')}\n  ]`;
  const fields = Object.entries(expected)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  "${name}": ${Array.isArray(value) ? list(value) : JSON.stringify(value)}`);
  return `{\n${fields.join(',\n')}\n}\n`;
}

function bytesOf(text) {
  const parts = typeof text === 'string' ? [text] : text;
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.alloc(part[1], part[0], 'latin1'),
    ),
  );
}

function keys(count, rowsOf) {
  return Array.from({ length: count }, (_, n) => rowsOf(`key ${String(n).padStart(3, '0')}`, n)).flat();
}

function versions(key, count) {
  return Array.from({ length: count }, (_, n) => [
    key,
    1_700_000_000_000_000 - n * 250_000,
    n === 0 ? null : 1_700_000_000_250_000 - n * 250_000,
    'put',
    `version ${count - n}`,
  ]);
}

function compressible(codec) {
  return {
    options: { codec, blockBytes: 2000 },
    rows: keys(90, (key, n) => [
      [key, 5000 + n, null, 'put', `a value of ${n % 7}, and of ${n % 7}, and of ${n % 7}`],
    ]),
    rangeDeletes: keys(12, (key) => [[key, `${key} and beyond`, 1]]),
  };
}

/** Two rows, one block, for every pair of sizes. */
function integerRows() {
  const pairs = [];
  for (let size = 0; size <= 8; size += 1) {
    for (let width = 0; width <= 8; width += 1) {
      const base = size === 8 ? -Number.MAX_SAFE_INTEGER : size === 0 ? 0 : 256 ** (size - 1);
      const span =
        width === 0 ? 0 : width === 8 ? 2 ** 53 : Math.min(256 ** width - 1, Number.MAX_SAFE_INTEGER);
      if (base + span <= Number.MAX_SAFE_INTEGER) pairs.push([base, base + span]);
      else if (width === 7) pairs.push([base, Number.MAX_SAFE_INTEGER]);
    }
  }
  pairs.push([Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER], [-1, 0], [-300, -300]);
  return pairs.flatMap(([low, high], n) => {
    const [end, otherEnd] = pairs[pairs.length - 1 - n];
    const key = String(n).padStart(2, '0');
    return [
      [`${key}a`, n % 2 === 0 ? low : high, end, 'put', ''],
      [`${key}b`, n % 2 === 0 ? high : low, otherEnd, 'put', ''],
    ];
  });
}

function say(name, what) {
  process.stdout.write(`${name}: ${what}\n`);
}
