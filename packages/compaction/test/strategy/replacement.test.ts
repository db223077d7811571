import { decodeUtf8, encodeUtf8 } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import {
  type CompactionFile,
  type DropPlan,
  type MergePlan,
  type MovePlan,
  manualStrategy,
  replacementOf,
  underWay,
} from '../../src/index.ts';
import { current, delta, stateOf } from './files.ts';

const wide = delta({ id: 'd1', run: 1, bytes: 300, keys: ['a', 'z'] });
const files = [
  wide,
  current({ id: 'c1', keys: ['a', 'f'], bytes: 400 }),
  current({ id: 'c2', keys: ['f', 'p'], bytes: 400 }),
  current({ id: 'c3', keys: ['p', undefined], bytes: 400 }),
];
const strategy = manualStrategy({ partBytesMax: 500 });

/** Returns the plans that a strategy makes side by side. */
function plansOf(state: readonly CompactionFile[]): MergePlan[] {
  const plans: MergePlan[] = [];
  for (;;) {
    const plan = strategy(stateOf(state, underWay(plans)));
    if (plan.kind !== 'merge') return plans;
    plans.push(plan);
  }
}

function shown(all: readonly CompactionFile[] | undefined): string[] | undefined {
  return all?.map(({ id, lower, upper }) => `${id} ${decodeUtf8(lower)}-${decodeUtf8(upper ?? lower)}`);
}

const [low, middle, high] = plansOf(files) as [MergePlan, MergePlan, MergePlan];

describe('a merge of a part of its inputs', () => {
  it('is planned beside those of the other parts', () => {
    expect(plansOf(files).map((plan) => plan.inputs.map((file) => file.id))).toEqual([
      ['d1', 'c1'],
      ['d1', 'c2'],
      ['d1', 'c3'],
    ]);
  });

  it('leaves of its inputs what lies outside of its range', () => {
    expect(shown(replacementOf(low, files, files)?.left)).toEqual(['d1 f-z']);
    expect(shown(replacementOf(middle, files, files)?.left)).toEqual(['d1 a-f', 'd1 p-z']);
    expect(shown(replacementOf(high, files, files)?.left)).toEqual(['d1 a-p']);
    expect([...(replacementOf(middle, files, files)?.removed ?? [])]).toEqual(['d1', 'c2']);
  });

  it('is valid after others took their parts of the same input, in any order', () => {
    let now: readonly CompactionFile[] = files;
    for (const plan of [middle, low, high]) {
      const { removed, left } = replacementOf(plan, files, now) ?? { removed: new Set(), left: [] };
      expect(removed.size).toBe(2);
      now = [...now.filter((file) => !removed.has(file.id)), ...left];
    }
    expect(now).toEqual([]);
  });

  it.each([
    ['an input is gone', files.filter((file) => file.id !== 'c2')],
    ['another one took the part, and all of its rows were deleted', [{ ...wide, upper: encodeUtf8('f') }]],
    ['another one took a bit of the part', [...files.slice(1), { ...wide, lower: encodeUtf8('g') }]],
    [
      'an input that it does not know brought more rows to the part',
      [...files, { ...wide, lower: encodeUtf8('n') }],
    ],
    ['another one wrote to current within the part', [...files, current({ id: 'c9', keys: ['g', 'h'] })]],
  ])('is not valid once %s', (_, now) => {
    expect(replacementOf(middle, files, now)).toBeUndefined();
  });

  it('does not care for what others wrote elsewhere', () => {
    const now = [...files, current({ id: 'c9', keys: ['p', 'q'] })];
    expect(replacementOf(middle, files, now)).toBeDefined();
  });
});

it('a merge of whole inputs, or a drop, is not valid once a part of one is gone', () => {
  const drop: DropPlan = { kind: 'drop', files: [wide], reason: '' };
  expect(replacementOf(drop, files, files)?.left).toEqual([]);
  expect(replacementOf(drop, files, [{ ...wide, lower: encodeUtf8('b') }])).toBeUndefined();
  const whole: MergePlan = { ...middle, output: 'delta', range: undefined, inputs: [wide] };
  expect(replacementOf(whole, files, files)?.left).toEqual([]);
  expect(replacementOf(whole, files, [{ ...wide, upper: encodeUtf8('y') }])).toBeUndefined();
});

it('files that a job replaces, or takes a part of, are left alone by other tiers', () => {
  expect(strategy(stateOf(files, underWay([{ ...middle, output: 'delta' }])))).toEqual({ kind: 'nothing' });
  expect(underWay([low, { kind: 'drop', files: [wide], reason: '' }])).toMatchObject({
    busy: new Set(['d1']),
    intoBase: [{ inputs: new Set(['d1', 'c1']) }],
  });
});

describe('a move', () => {
  const fresh = delta({ id: 'm1', run: 7, uniform: true, keys: ['q', 'r'] });
  const move: MovePlan = { kind: 'move', files: [fresh], reason: '' };
  const below = current({ id: 'c1', keys: ['a', 'f'] });
  const moved: CompactionFile = { ...fresh, tier: 'current' };

  it('leaves its files in Current, with the run that is their time', () => {
    expect(replacementOf(move, [fresh, below], [fresh, below])).toEqual({
      removed: new Set(['m1']),
      left: [moved],
    });
  });

  it('is not valid once another made it, or wrote to its keys', () => {
    expect(replacementOf(move, [fresh, below], [moved, below])).toBeUndefined();
    const written = current({ id: 'c9', keys: ['p', 'z'] });
    expect(replacementOf(move, [fresh, below], [fresh, below, written])).toBeUndefined();
  });

  it('of another makes a merge invalid that took the file, or may write across it', () => {
    const older = delta({ id: 'd1', run: 1, keys: ['a', 'b'] });
    const newest = delta({ id: 'd2', run: 8, keys: ['x', 'z'] });
    const before = [older, newest, fresh];
    const taking: MergePlan = { ...middle, range: undefined, inputs: before };
    expect(replacementOf(taking, before, before)).toBeDefined();
    expect(replacementOf(taking, before, [older, newest, moved])).toBeUndefined();
    const across: MergePlan = { ...middle, range: undefined, inputs: [older, newest] };
    expect(replacementOf(across, before, before)).toBeDefined();
    expect(replacementOf(across, before, [older, newest, moved])).toBeUndefined();
  });

  it('counts as a merge into base where jobs run side by side', () => {
    expect(underWay([move])).toMatchObject({ busy: new Set(), intoBase: [{ inputs: new Set(['m1']) }] });
  });
});
