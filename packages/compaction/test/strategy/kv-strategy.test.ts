import { encodeUtf8 } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { type CompactionFile, inputsOf, kvStrategy, manualStrategy, type Plan } from '../../src/index.ts';
import { current, delta, history, stateOf } from './files.ts';

const plan = kvStrategy({
  deltaRuns: 3,
  deltaRunsMax: 6,
  baseBytesMin: 1000,
  windowMicros: 10,
});

const COMMITS = 1500;

function ids(decided: Plan): string[] {
  if (decided.kind === 'nothing') return [];
  return inputsOf(decided)
    .map((file) => file.id)
    .sort();
}

function runs(...levels: number[]): CompactionFile[] {
  return levels.map((level, index) => delta({ id: `d${index}`, run: index + 1, level }));
}

/** Runs of these sizes, oldest first. */
function sized(...sizes: number[]): CompactionFile[] {
  return sizes.map((bytes, index) => delta({ id: `d${index}`, run: index + 1, bytes }));
}

describe('the delta tier', () => {
  it('is left alone until there are more than so many runs', () => {
    expect(plan(stateOf(runs(0, 0, 0)))).toEqual({ kind: 'nothing' });
    const merge = plan(stateOf(runs(0, 2, 1, 0)));
    expect(merge).toMatchObject({ kind: 'merge', output: 'delta', level: 1, run: 4 });
    expect(ids(merge)).toEqual(['d0', 'd1', 'd2', 'd3']);
  });

  it.each([
    [
      [900, 90, 80, 10],
      ['d1', 'd2', 'd3'],
    ],
    [
      [900, 90, 30, 29],
      ['d2', 'd3'],
    ],
    [
      [100, 90, 30, 29],
      ['d0', 'd1', 'd2', 'd3'],
    ],
  ])('of %j merges the run that weighs least against what is newer with that', (sizes, taken) => {
    expect(ids(kvStrategy({ deltaRuns: 3 })(stateOf(sized(...sizes))))).toEqual(taken);
  });

  it('takes what runs under way become for one run, and does not reach across them', () => {
    const files = runs(0, 0, 0, 0, 0, 0);
    expect(plan(stateOf(files.slice(1), { busy: new Set(['d2', 'd3', 'd4']) }))).toEqual({ kind: 'nothing' });
    expect(ids(plan(stateOf(files, { busy: new Set(['d2', 'd3']) })))).toEqual(['d0', 'd1']);
    const newest = sized(200, 100, 100, 100, 100, 100);
    expect(ids(plan(stateOf(newest, { busy: new Set(['d2', 'd3']) })))).toEqual(['d4', 'd5']);
  });

  it('takes what fits the input bound, but two runs at least', () => {
    const bounded = kvStrategy({ deltaRuns: 3, inputBytesMax: 350 });
    expect(ids(bounded(stateOf(runs(0, 0, 0, 0))))).toEqual(['d1', 'd2', 'd3']);
    expect(ids(bounded(stateOf(sized(500, 500, 500, 500))))).toEqual(['d2', 'd3']);
  });

  it('stays short at little cost, however many commits there were', () => {
    const strategy = kvStrategy({ baseBytesMin: Number.POSITIVE_INFINITY, deltaRunsMax: 99 });
    let files: CompactionFile[] = [];
    let written = 0;
    let most = 0;
    for (let run = 1; run <= COMMITS; run += 1) {
      files.push(delta({ id: `commit ${run}`, run, bytes: 100 }));
      const decided = strategy(stateOf(files));
      if (decided.kind === 'merge') {
        const bytes = decided.inputs.reduce((sum, file) => sum + file.bytes, 0);
        files = files.filter((file) => !decided.inputs.includes(file));
        files.push(delta({ id: `merge ${run}`, run: decided.run, bytes }));
        files.sort((left, right) => left.run - right.run);
        written += bytes;
      }
      most = Math.max(most, files.length);
    }
    expect(most).toBe(6);
    expect(written / (COMMITS * 100)).toBeLessThan(8);
  });
});

describe('base', () => {
  const alone = kvStrategy({ deltaRuns: 99, deltaRunsMax: 6 });

  it('takes all delta runs and the current files they overlap', () => {
    const files = [
      delta({ id: 'd1', run: 1, bytes: 600, keys: ['a', 'c'] }),
      delta({ id: 'd2', run: 2, bytes: 600, keys: ['b', 'd'] }),
      current({ id: 'c1', keys: ['a', 'b'], bytes: 1000 }),
      current({ id: 'c2', keys: ['d', 'e'], bytes: 1000 }),
    ];
    const merge = plan(stateOf(files, { horizon: 5, pins: [3] }));
    expect(merge).toMatchObject({ output: 'base', level: 0, run: 2, readable: { horizon: 5, pins: [3] } });
    expect(ids(merge)).toEqual(['c1', 'd1', 'd2']);
  });

  it('leaves the newest runs alone that come to less than a tenth', () => {
    const files = [2000, 900, 200, 50].map((bytes, index) =>
      delta({ id: `d${index}`, run: index + 1, bytes }),
    );
    expect(ids(plan(stateOf(files)))).toEqual(['d0', 'd1']);
    expect(ids(manualStrategy()(stateOf(files)))).toEqual(['d0', 'd1', 'd2', 'd3']);
  });

  it('waits until delta is a quarter of what it overlaps', () => {
    const files = [delta({ id: 'd1', run: 1, bytes: 1200 }), current({ id: 'c1', bytes: 10_000 })];
    expect(plan(stateOf(files))).toEqual({ kind: 'nothing' });
  });

  it('bounds the number of delta runs', () => {
    expect(alone(stateOf(runs(6, 5, 4, 3, 2, 1)))).toEqual({ kind: 'nothing' });
    expect(alone(stateOf(runs(7, 6, 5, 4, 3, 2, 1)))).toMatchObject({ output: 'base' });
  });

  it('begins with the oldest run or not at all', () => {
    const files = runs(7, 6, 5, 4, 3, 2, 1);
    expect(ids(alone(stateOf(files, { busy: new Set(['d3']) })))).toEqual(['d0', 'd1', 'd2']);
    expect(alone(stateOf(files, { busy: new Set(['d0']) }))).toEqual({ kind: 'nothing' });
  });

  it('does not touch current files of a running job', () => {
    const files = [delta({ id: 'd1', run: 1, bytes: 2000 }), current({ id: 'c1' })];
    expect(plan(stateOf(files, { busy: new Set(['c1']) }))).toEqual({ kind: 'nothing' });
  });

  it('cuts a large merge where a current file begins', () => {
    const cutting = manualStrategy({ partBytesMax: 500 });
    const files = [
      delta({ id: 'd1', run: 1, bytes: 100 }),
      current({ id: 'c1', keys: ['a', 'f'], bytes: 400 }),
      current({ id: 'c2', keys: ['f', 'p'], bytes: 400 }),
      current({ id: 'c3', keys: ['p', 'z'], bytes: 400 }),
    ];
    const merge = cutting(stateOf(files));
    expect(merge).toMatchObject({ range: { upper: encodeUtf8('f') } });
    expect(ids(merge)).toEqual(['c1', 'd1']);
  });

  it('takes every current file when a manual compaction is full', () => {
    const files = [delta({ id: 'd1', run: 1, keys: ['a', 'b'] }), current({ id: 'c1', keys: ['x', 'y'] })];
    expect(ids(manualStrategy()(stateOf(files)))).toEqual(['d1']);
    expect(ids(manualStrategy({ full: true })(stateOf(files)))).toEqual(['c1', 'd1']);
    expect(manualStrategy({ full: true })(stateOf(files.slice(1)))).toEqual({ kind: 'nothing' });
  });
});

describe('deletes', () => {
  const base = current({ id: 'c1', bytes: 50_000, rows: 500 });

  it('count as what they free in base', () => {
    expect(plan(stateOf([delta({ id: 'd1', run: 1, bytes: 2000, rows: 300 }), base]))).toEqual({
      kind: 'nothing',
    });
    const unmerged = delta({ id: 'd1', run: 1, bytes: 2000, rows: 300, deletes: 250 });
    expect(plan(stateOf([unmerged, base]))).toEqual({ kind: 'nothing' });
    const deletes = delta({ id: 'd1', run: 1, level: 1, bytes: 2000, rows: 300, deletes: 250 });
    expect(ids(plan(stateOf([deletes, base])))).toEqual(['c1', 'd1']);
  });

  it('of ranges bring a merge forward when there are many', () => {
    const few = delta({ id: 'd1', run: 1, level: 1, bytes: 2000, rangeDeletes: 10 });
    expect(plan(stateOf([few, base]))).toEqual({ kind: 'nothing' });
    const many = delta({ id: 'd1', run: 1, level: 1, bytes: 2000, rangeDeletes: 60 });
    expect(ids(plan(stateOf([many, base])))).toEqual(['c1', 'd1']);
  });
});

describe('while nobody writes', () => {
  const resting = kvStrategy({ deltaRuns: 3, baseBytesMin: 1e12, restBytesPerSecond: 1e6 });
  const second = 1_000_000;
  const MB = 1_000_000;

  it('delta goes into base once a merge takes no longer than the rest was, if that is worth it', () => {
    const files = [
      delta({ id: 'd1', run: 1, bytes: 2 * MB }),
      delta({ id: 'd2', run: 2, bytes: MB }),
      current({ id: 'c1', bytes: 20 * MB }),
    ];
    expect(ids(resting(stateOf(files)))).toEqual([]);
    expect(ids(resting(stateOf(files, { restMicros: 22 * second })))).toEqual(['d1', 'd2']);
    expect(ids(resting(stateOf(files, { restMicros: 23 * second })))).toEqual(['c1', 'd1', 'd2']);
    const large = [...files, current({ id: 'c2', bytes: 60 * MB, keys: ['b', 'y'] })];
    expect(resting(stateOf(large, { restMicros: 1e12 }))).toMatchObject({ kind: 'merge', output: 'delta' });
  });

  it('a little of delta waits longer, one run stays, and nothing is done beside other work', () => {
    const little = [delta({ id: 'd1', run: 1, bytes: 2000 }), delta({ id: 'd2', run: 2, bytes: 2000 })];
    expect(ids(resting(stateOf(little, { restMicros: 29 * second })))).toEqual([]);
    expect(ids(resting(stateOf(little, { restMicros: 30 * second })))).toEqual(['d1', 'd2']);
    const base = current({ id: 'c1', bytes: 1000 * MB });
    const one = [delta({ id: 'd1', run: 1, bytes: 2 * MB }), base];
    expect(ids(resting(stateOf(one, { restMicros: 1e15 })))).toEqual([]);
    expect(ids(resting(stateOf([base], { restMicros: 1e15 })))).toEqual([]);
    const busy = { restMicros: 1e15, busy: new Set(['d1']) };
    expect(ids(resting(stateOf(little, busy)))).toEqual([]);
  });

  it('runs of which one outweighs the others by far stay', () => {
    const base = current({ id: 'c1', bytes: 1000 * MB });
    const uneven = [
      delta({ id: 'd1', run: 1, bytes: 20 * MB }),
      delta({ id: 'd2', run: 2, bytes: MB }),
      base,
    ];
    expect(ids(resting(stateOf(uneven, { restMicros: 1e15 })))).toEqual([]);
  });
});

describe('moves', () => {
  const moving = kvStrategy({ moveBytesMin: 100 });
  const fresh = (id: string, run: number, keys: readonly [string, string], facts = {}): CompactionFile =>
    delta({ id, run, keys, uniform: true, ...facts });

  it('take all files at once that have keys of their own', () => {
    const files = [
      fresh('d1', 1, ['n', 'o']),
      fresh('d2', 2, ['a', 'b']),
      fresh('d3', 3, ['n', 'p']),
      fresh('d4', 4, ['p', 'q']),
      current({ id: 'c1', keys: ['d', 'm'] }),
    ];
    const decided = moving(stateOf(files));
    expect(decided.kind).toBe('move');
    expect(ids(decided)).toEqual(['d1', 'd2', 'd4']);
  });

  it.each([
    ['is small', fresh('d1', 1, ['a', 'b'], { bytes: 99 })],
    ['has deletes', fresh('d1', 1, ['a', 'b'], { deletes: 1 })],
    ['has operands', fresh('d1', 1, ['a', 'b'], { merges: 1 })],
    ['has range deletes', fresh('d1', 1, ['a', 'b'], { rangeDeletes: 1 })],
    ['may have several rows of a key', fresh('d1', 1, ['a', 'b'], { uniform: false })],
    ['shares keys with Current', fresh('d1', 1, ['l', 'n'])],
  ])('leave a file that %s', (_, file) => {
    const files = [file, current({ id: 'c1', keys: ['d', 'm'] })];
    expect(moving(stateOf(files))).toEqual({ kind: 'nothing' });
  });

  it('leave keys that a job is about to write, and files that one reads', () => {
    const file = fresh('d1', 1, ['a', 'b']);
    const range = { lower: encodeUtf8('a'), upper: encodeUtf8('c') };
    const job = { range, inputs: new Set<string>() };
    expect(moving(stateOf([file], { intoBase: [job] }))).toEqual({ kind: 'nothing' });
    expect(moving(stateOf([file], { busy: new Set(['d1']) }))).toEqual({ kind: 'nothing' });
  });

  it('leave what was cut into parts', () => {
    const parts = [fresh('d1', 1, ['a', 'b']), fresh('d1', 1, ['c', 'd'])];
    expect(moving(stateOf(parts))).toEqual({ kind: 'nothing' });
  });
});

describe('the newest versions of every key', () => {
  const keeping = kvStrategy({ versions: 2, windowMicros: 10 });

  it('share a window below the horizon, and never go by whole files', () => {
    const files = [
      history({ id: 'h1', ends: [100, 110] }),
      history({ id: 'h2', ends: [500, 510] }),
      history({ id: 'h3', ends: [700, 710] }),
    ];
    const decided = keeping(stateOf(files, { horizon: 600 }));
    expect(decided).toMatchObject({ kind: 'merge', archivedUpTo: 600, readable: { versions: 2 } });
    expect(ids(decided)).toEqual(['h1', 'h2']);
  });
});

describe('forgotten timestamps', () => {
  const forgetting = manualStrategy({ forgetTimestamps: true });
  const upTo = (facts: Parameters<typeof stateOf>[1]): unknown => {
    const decided = forgetting(stateOf(runs(0, 0, 0), facts));
    return decided.kind === 'merge' ? decided.forgetUpTo : decided;
  };

  it('reach up to the horizon, to the newest input, and not past a pin', () => {
    expect(upTo({ horizon: 2 })).toBe(2);
    expect(upTo({ horizon: 50 })).toBe(3);
    expect(upTo({ horizon: 2, pins: [2] })).toBe(2);
    expect(upTo({ horizon: 2, pins: [1] })).toBeUndefined();
  });
});

describe('history', () => {
  it('tiers the open window', () => {
    const files = [1, 2, 3, 4].map((index) => history({ id: `h${index}`, ends: [1000, 1003] }));
    expect(plan(stateOf(files.slice(1)))).toEqual({ kind: 'nothing' });
    expect(plan(stateOf(files))).toMatchObject({ output: 'history', level: 1 });
  });

  it('merges a closed window whole, once', () => {
    const files = [
      history({ id: 'h1', ends: [970, 975] }),
      history({ id: 'h2', ends: [971, 972] }),
      history({ id: 'h3', ends: [985, 986] }),
    ];
    expect(ids(plan(stateOf(files)))).toEqual(['h1', 'h2']);
    const merged = [history({ id: 'm1', level: 1, ends: [970, 975], keys: ['a', 'm'] }), ...files.slice(2)];
    expect(
      plan(stateOf([...merged, history({ id: 'm2', level: 1, ends: [970, 975], keys: ['m', 'z'] })])),
    ).toEqual({
      kind: 'nothing',
    });
  });

  it('lets a small late addition to a closed window wait', () => {
    const merged = history({ id: 'm1', level: 1, bytes: 10_000, ends: [970, 975] });
    expect(plan(stateOf([merged, history({ id: 'late', bytes: 100, ends: [972, 972] })]))).toEqual({
      kind: 'nothing',
    });
    expect(ids(plan(stateOf([merged, history({ id: 'late', bytes: 5000, ends: [972, 972] })])))).toEqual([
      'late',
      'm1',
    ]);
  });
});

describe('drops', () => {
  it('removes history that ended at or below the horizon, unless a pin sees it', () => {
    const file = history({ id: 'h1', minTimestamp: 10, ends: [20, 30] });
    const newer = history({ id: 'h2', ends: [40, 60], keys: ['z', undefined] });
    const dropped = (facts: Parameters<typeof stateOf>[1]): string[] =>
      ids(plan(stateOf([file, newer], facts)));
    expect(dropped({ horizon: 29 })).toEqual([]);
    expect(dropped({ horizon: 30 })).toEqual(['h1']);
    expect(dropped({ horizon: 30, pins: [9, 30] })).toEqual(['h1']);
    expect(dropped({ horizon: 30, pins: [10] })).toEqual([]);
    expect(dropped({ horizon: 30, pins: [29] })).toEqual([]);
    expect(dropped({ horizon: 30, busy: new Set(['h1']) })).toEqual([]);
  });

  it('removes expired files of families with a time to live, unless an operand may rest on them', () => {
    const expiring = kvStrategy({ ttlMicros: 20 });
    const old = current({ id: 'c1', minTimestamp: 10, maxTimestamp: 20 });
    expect(plan(stateOf([old], { horizon: 50 }))).toEqual({ kind: 'nothing' });
    expect(ids(expiring(stateOf([old], { horizon: 50 })))).toEqual(['c1']);
    expect(expiring(stateOf([old], { horizon: 39 }))).toEqual({ kind: 'nothing' });
    expect(expiring(stateOf([old], { horizon: 50, pins: [25] }))).toEqual({ kind: 'nothing' });
    const operands = delta({ id: 'd1', run: 39, merges: 1 });
    expect(expiring(stateOf([old, operands], { horizon: 50 }))).toEqual({ kind: 'nothing' });
  });
});
