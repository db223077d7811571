/** The order of rows and files that verifying demands of each tier. */
import { encodeUtf8 } from '@clortho/base';
import { type FileEntry, NO_FILES } from '@clortho/manifest';
import { DELETE, encodeSst, NEVER, PUT, type Row, Sst } from '@clortho/sst';
import { describe, expect, it } from 'vitest';
import { verifyRows } from '../../src/verify/verify-rows.ts';
import { misplacedFiles, type ShownKeys } from '../../src/verify/verify-tiers.ts';

function row(key: string, timestamp: number, endTimestamp: number = NEVER, kind: Row['kind'] = PUT): Row {
  return { key: encodeUtf8(key), timestamp, endTimestamp, kind, value: new Uint8Array(0) };
}

function orderOf(tier: 'delta' | 'current' | 'history', rows: readonly Row[]): string | undefined {
  const { bytes } = encodeSst(rows);
  return verifyRows(Sst.openBytes(bytes), { tier, isShown: () => true, collectors: [] }).order;
}

describe('rows', () => {
  it.each([
    ['delta', [row('a', 2, NEVER, DELETE), row('a', 1)], undefined],
    ['current', [row('a', 1), row('b', 1)], undefined],
    ['current', [row('a', 2), row('a', 1)], 'current has two versions of a key: key=0x61 timestamp=1'],
    ['current', [row('a', 1, 2)], 'a row of current has ended: key=0x61 timestamp=1'],
    ['current', [row('a', 1, NEVER, DELETE)], 'current holds values only: key=0x61 timestamp=1'],
    ['history', [row('a', 2, 5), row('a', 1, 2), row('b', 1, 9)], undefined],
    [
      'history',
      [row('a', 2, 5), row('a', 1, 3)],
      'versions of history overlap in time: key=0x61 timestamp=1',
    ],
    ['history', [row('a', 1)], 'a row of history does not end after it began: key=0x61 timestamp=1'],
    ['history', [row('a', 2, 3), row('b', 1, 9, DELETE)], 'history holds values only: key=0x62 timestamp=1'],
  ] as const)('of %s are held to its promise', (tier, rows, problem) => {
    expect(orderOf(tier, rows)).toBe(problem);
  });

  it('that no entry shows are told of, with what they are', () => {
    const { bytes } = encodeSst([row('a', 1), row('b', 2, NEVER, DELETE), row('c', 3)]);
    const found = verifyRows(Sst.openBytes(bytes), {
      tier: 'delta',
      isShown: (key) => key[0] === 0x61,
      collectors: [],
    });
    expect(found.hidden.map(({ timestamp, kind }) => [timestamp, kind])).toEqual([
      [2, DELETE],
      [3, PUT],
    ]);
    expect([found.firstKey, found.lastKey]).toEqual([encodeUtf8('a'), encodeUtf8('a')]);
  });
});

describe('files', () => {
  const file = (id: string, run: number, minTimestamp: number, maxTimestamp: number): FileEntry =>
    ({ id, run, minTimestamp, maxTimestamp }) as FileEntry;
  const none: ShownKeys = new Map();

  it('of newer runs have newer rows than those of older ones', () => {
    const delta = [
      file('new', 30, 21, 30),
      file('mid', 20, 11, 20),
      file('midToo', 20, 12, 15),
      file('old', 10, 1, 10),
    ];
    expect([...misplacedFiles({ ...NO_FILES, delta }, none)]).toEqual([]);
    const overlapping = [file('new', 30, 20, 30), ...delta.slice(1)];
    expect([...misplacedFiles({ ...NO_FILES, delta: overlapping }, none)]).toEqual([
      { at: 'sst/new.sst', message: 'runs overlap in time: run=30 min=20 older=20' },
    ]);
  });

  it('of current have keys of their own', () => {
    const current = ['left', 'right'].map((id) => file(id, 0, 1, 1));
    const shown = (...keys: readonly (readonly [string, string])[]): ShownKeys =>
      new Map(current.map((one, index) => [one, keys[index]?.map(encodeUtf8) as [Uint8Array, Uint8Array]]));
    expect([...misplacedFiles({ ...NO_FILES, current }, shown(['a', 'c'], ['d', 'e']))]).toEqual([]);
    expect([...misplacedFiles({ ...NO_FILES, current }, shown(['a', 'd'], ['d', 'e']))]).toEqual([
      { at: 'sst/right.sst', message: 'files of current overlap: with=sst/left.sst' },
    ]);
  });
});
