import { describe, expect, it } from 'vitest';
import { type CompactionFile, inputsOf, logStrategy, type Plan } from '../../src/index.ts';
import { delta, stateOf } from './files.ts';

const plan = logStrategy({ windowMicros: 100, levelZeroRuns: 4, retentionMicros: 500 });

function ids(decided: Plan): string[] {
  if (decided.kind === 'nothing') return [];
  return inputsOf(decided).map((file) => file.id);
}

function arrivals(...timestamps: number[]): CompactionFile[] {
  return timestamps.map((run) => delta({ id: `f${run}`, run }));
}

describe('log families', () => {
  it('concatenate a closed window once, never across windows', () => {
    const files = arrivals(810, 820, 905);
    const merge = plan(stateOf(files, { upper: 905 }));
    expect(ids(merge)).toEqual(['f810', 'f820']);
    expect(merge).toMatchObject({
      output: 'delta',
      level: 2,
      run: 820,
      readable: { horizon: Number.NEGATIVE_INFINITY },
    });
    const closed = delta({ id: 'closed', run: 820, level: 2, minTimestamp: 810 });
    expect(plan(stateOf([closed, ...files.slice(2)], { upper: 905 }))).toEqual({ kind: 'nothing' });
  });

  it('leave an open window alone until it has many files', () => {
    expect(plan(stateOf(arrivals(810, 820, 830), { upper: 830 }))).toEqual({ kind: 'nothing' });
    expect(plan(stateOf(arrivals(810, 820, 830, 840), { upper: 840 }))).toMatchObject({ level: 1, run: 840 });
  });

  it('rewrite a row at most twice', () => {
    const early = delta({ id: 'early', run: 840, level: 1 });
    expect(plan(stateOf([early, ...arrivals(850, 860, 870)], { upper: 870 }))).toEqual({ kind: 'nothing' });
    const merge = plan(stateOf([early, ...arrivals(850, 860, 870, 900)], { upper: 900 }));
    expect(merge).toMatchObject({ level: 2 });
    expect(ids(merge)).toEqual(['early', 'f850', 'f860', 'f870']);
  });

  it('expire by the newest row of a file', () => {
    const straddling = delta({ id: 'straddling', run: 400, minTimestamp: 300, level: 2 });
    const old = delta({ id: 'old', run: 290, minTimestamp: 210, level: 2 });
    expect(ids(plan(stateOf([straddling, old], { upper: 850 })))).toEqual(['old']);
    expect(plan(stateOf([straddling, old], { upper: 850, pins: [250] }))).toEqual({ kind: 'nothing' });
    expect(ids(plan(stateOf([straddling, old], { upper: 901 })))).toEqual(['old', 'straddling']);
  });

  it('expire the oldest runs by size, but never the newest', () => {
    const bounded = logStrategy({ windowMicros: 100, bytesMax: 150 });
    const files = [1, 2, 3].map((index) => delta({ id: `r${index}`, run: index * 100, level: 2 }));
    expect(ids(bounded(stateOf(files)))).toEqual(['r1', 'r2']);
    expect(bounded(stateOf(files.slice(2)))).toEqual({ kind: 'nothing' });
  });

  it('do not wait for a pin that sees nothing of a file', () => {
    expect(ids(plan(stateOf([delta({ id: 'old', run: 290 })], { upper: 850, pins: [289] })))).toEqual([
      'old',
    ]);
  });
});
