import { expect, test } from 'vitest';
import { bar, lineChart, sparkline } from '../../src/output/chart.ts';

test('a sparkline spans the heights', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([5, 5, 5])).toBe('▁▁▁');
});

test('a bar has eighths of a character', () => {
  expect(bar(10, 10, 4)).toBe('████');
  expect(bar(5, 10, 4)).toBe('██');
  expect(bar(1, 32, 4)).toBe('▏');
  expect(bar(0, 10, 4)).toBe('');
  expect(bar(0, 0, 4)).toBe('');
});

test('a line chart averages what shares a column', () => {
  const chart = lineChart([0, 0, 10, 10], 2, 4);
  expect(chart.split('\n')).toHaveLength(5);
  expect(chart).toContain('10');
  const widths = lineChart(
    Array.from({ length: 500 }, (_, at) => at),
    40,
    4,
  )
    .split('\n')
    .map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(52);
});
