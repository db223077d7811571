import { expect, test } from 'vitest';
import { type Bar, BEST } from '../src/peers/bars.ts';
import { bestPeer, judge, missed } from '../src/peers/judge.ts';
import { type Line, type Results, summaryOf } from '../src/peers/results.ts';
import type { Sample } from '../src/peers/run/sample.ts';
import { alignedText, barTable, markdownTable, medianTable } from '../src/peers/table.ts';

const MIB = 2 ** 20;

function sample(value: number): Sample {
  return { value, cpuMicrosPerOp: 2, rssBytes: value * MIB, stallMs: value, bytesWritten: undefined };
}

function line(workload: string, peer: string, ...values: number[]): Line {
  return { workload, peer, samples: values.map(sample) };
}

const results: Results = {
  entries: 10,
  seed: 1,
  skipped: [],
  lines: [
    line('get', 'clortho', 300, 100, 200),
    line('get', 'lmdb', 100, 120, 90),
    line('get', 'classic-level', 50),
    line('get', 'slatedb'),
    line('space', 'clortho', 1.5),
    line('space', 'classic-level', 1),
    line('space', 'lmdb', 0.5),
  ],
};

function judgeOne(bar: Bar): { value: number | undefined; against: string | undefined; verdict: string } {
  const [{ value, against, verdict }] = judge(results, [bar]) as [ReturnType<typeof judge>[number]];
  return { value, against, verdict };
}

test('a summary has the median of the rounds and their bounds', () => {
  expect(summaryOf(results, 'get', 'clortho')).toMatchObject({ median: 200, least: 100, most: 300 });
  expect(summaryOf(results, 'get', 'slatedb')).toBeUndefined();
});

test('a ratio is of medians, and at the bar is enough', () => {
  expect(judgeOne({ workload: 'get', against: 'lmdb', least: 2 })).toEqual({
    value: 2,
    against: 'lmdb',
    verdict: 'ok',
  });
  expect(judgeOne({ workload: 'get', against: 'lmdb', least: 2.01 }).verdict).toBe('MISSED');
});

test('the best peer is the fastest, or the smallest, and never Clortho', () => {
  expect(bestPeer(results, 'get')).toBe('lmdb');
  expect(bestPeer(results, 'space')).toBe('lmdb');
  expect(judgeOne({ workload: 'get', against: BEST, least: 1 }).against).toBe('lmdb');
});

test('less is better where the bar says at most', () => {
  expect(judgeOne({ workload: 'space', against: 'classic-level', most: 1.2 })).toMatchObject({
    value: 1.5,
    verdict: 'MISSED',
  });
});

test('a side that was not measured makes no verdict', () => {
  expect(judgeOne({ workload: 'get', against: 'slatedb', least: 25 }).verdict).toBe('not measured');
  expect(judgeOne({ workload: 'scan', against: 'lmdb', least: 1 }).verdict).toBe('not measured');
  expect(missed(judge(results, [{ workload: 'get', against: 'slatedb', least: 25 }]))).toBe(0);
});

test('memory and stalls are judged by the worst round', () => {
  expect(judgeOne({ workload: 'get', measure: 'stallMs', most: 10 })).toMatchObject({ value: 300 });
  expect(judgeOne({ workload: 'get', measure: 'rssMiB', most: 470 })).toMatchObject({
    value: 300,
    verdict: 'ok',
  });
});

test('the table of medians has a column per measured peer, and a dash for what is missing', () => {
  const table = medianTable(results);
  expect(table.headings).toEqual(['workload', 'clortho', 'classic-level', 'lmdb', 'slatedb']);
  expect(table.rows[0]).toEqual(['get hot, async, 64 callers, gets/s', '200', '50', '100', '–']);
  expect(markdownTable(table).split('\n')[1]).toBe('|---|--:|--:|--:|--:|');
});

test('the table of bars says what was missed', () => {
  const text = alignedText(barTable(results));
  expect(text).toMatch(/get hot, async, 64 callers +lmdb +2\.00 × +at least 1\.4 × +ok/);
  expect(text).toMatch(/space after +classic-level +1\.50 × +at most 1\.2 × +MISSED/);
});
