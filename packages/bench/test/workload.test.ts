import { seededRandom, zipf } from '@clortho/base';
import { expect, test } from 'vitest';
import { mergeKernel } from '../src/compaction/bare-kernel.ts';
import { keyOf, valueOf } from '../src/workload/rows.ts';
import { median, percentile } from '../src/workload/statistics.ts';

test('keys sort as their numbers', () => {
  expect(new TextDecoder().decode(keyOf(4711))).toBe('user000000004711');
});

test('half of a value is noise', () => {
  const value = valueOf(seededRandom(1));
  expect(value.subarray(50)).toEqual(new Uint8Array(50));
  expect(new Set(value.subarray(0, 50)).size).toBeGreaterThan(30);
});

test('few keys get most of the skewed draws, and every key can be drawn', () => {
  const counts = new Array<number>(100).fill(0);
  const draw = zipf(100, seededRandom(1));
  for (let draws = 0; draws < 100_000; draws += 1) {
    const key = draw();
    counts[key] = (counts[key] ?? 0) + 1;
  }
  const falling = counts.toSorted((left, right) => right - left);
  expect(falling.at(-1)).toBeGreaterThan(0);
  // The weights are 1, 1/2, 1/3 …, whose sum over 100 ranks is 5.2.
  expect((falling[0] ?? 0) / 100_000).toBeCloseTo(1 / 5.2, 1);
});

test('percentiles are values of the list', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(percentile([1, 2, 3, 4], 0.99)).toBe(4);
  expect(percentile([], 0.5)).toBe(0);
});

test.each(['none', 'lz4'] as const)('the bare kernel merges every row, codec %s', (codec) => {
  expect(mergeKernel({ seed: 1, rows: 3001 }, codec)()).toBe(3001);
});
