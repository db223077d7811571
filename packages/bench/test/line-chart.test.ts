import { expect, test } from 'vitest';
import { lineChart } from '../src/report/line-chart.ts';

test('a chart has a curve per line, a dashed bar where there is one, and the highest value at the top', () => {
  const svg = lineChart([{ title: 'runs', lines: [{ name: 'delta', values: [0, 5, 10] }], most: 8 }], 10);
  expect(svg.match(/<polyline/g)).toHaveLength(1);
  expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
  expect(svg).toContain('points="64,184 450,109 836,34"');
  expect(svg).toContain('>10 min<');
});

test('of many values the greatest of each stretch are shown', () => {
  const values = Array.from({ length: 6000 }, (_, index) => (index === 1234 ? 100 : 1));
  const svg = lineChart([{ title: 'late', lines: [{ name: 'ms', values }] }], 1);
  expect(svg).toMatch(/,34[ "]/);
  expect(svg.match(/points="([^"]*)"/)?.[1]?.split(' ')).toHaveLength(600);
});
