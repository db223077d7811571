import { describe, expect, it } from 'vitest';
import { clipFile, type KeyBounds } from '../src/clip-file.ts';
import { composeSegments, segmentOf } from '../src/segment.ts';
import { applyChange } from '../src/shard-files.ts';
import { codeOf } from './support/damage.ts';
import { editOf, entryOf, referenceOf } from './support/entries.ts';

function range(lower: number, upper?: number): KeyBounds {
  return { lower: Uint8Array.of(lower), upper: upper === undefined ? undefined : Uint8Array.of(upper) };
}

function bounds(files: readonly KeyBounds[]): (number | undefined)[][] {
  return files.map(({ lower, upper }) => [lower[0], upper?.[0]]);
}

const closed = entryOf(1, range(10, 20));
const open = entryOf(1, range(10));

describe('a part of a file', () => {
  it.each([
    [closed, range(0, 10), []],
    [closed, range(20, 30), []],
    [closed, range(0, 12), [[10, 12]]],
    [closed, range(12, 15), [[12, 15]]],
    [closed, range(15), [[15, 20]]],
    [closed, range(10, 20), [[10, 20]]],
    [open, range(12, 15), [[12, 15]]],
    [open, range(0), [[10, undefined]]],
  ])('lies inside of a range: case %#', (file, inside, clipped) => {
    const part = clipFile(file, inside);
    expect(bounds(part === undefined ? [] : [part])).toEqual(clipped);
  });
});

describe('parts of one file', () => {
  const parts = [range(10, 12), range(15, 20)].map((bounds) => ({ ...closed, ...bounds }));
  const added = editOf(1, [closed, entryOf(2, range(0, 5))]);
  const cut = editOf(2, parts, [referenceOf(closed)]);

  it('stand side by side in a tier, in order of their bounds', () => {
    const files = applyChange(applyChange(new Map(), added), cut);
    expect(bounds(files.get(0)?.delta ?? [])).toEqual([
      [0, 5],
      [10, 12],
      [15, 20],
    ]);
  });

  it('go together when their file is removed', () => {
    const files = [added, cut, editOf(3, [], [referenceOf(closed)])].reduce(applyChange, new Map());
    expect(bounds(files.get(0)?.delta ?? [])).toEqual([[0, 5]]);
  });

  it('survive being folded, however the edits are cut into segments', () => {
    const smaller = [range(10, 12), range(15, 16), range(17, 20)].map((bounds) => ({ ...closed, ...bounds }));
    const again = editOf(3, smaller, [referenceOf(closed)]);
    const edits = [added, cut, again];
    const expected = edits.reduce(applyChange, new Map());
    for (const at of [0, 1, 2, 3]) {
      const older = segmentOf(0, edits.slice(0, at));
      const newer = segmentOf(at, edits.slice(at));
      expect(applyChange(new Map(), composeSegments(older, newer))).toEqual(expected);
      expect([older, newer].reduce(applyChange, new Map())).toEqual(expected);
    }
  });

  it('that overlap are refused', () => {
    const files = applyChange(new Map(), added);
    const overlapping = editOf(2, [closed, ...parts], [referenceOf(closed)]);
    expect(codeOf(() => applyChange(files, overlapping))).toBe('CLORTHO_CORRUPT');
  });
});
