import { expect, test } from 'vitest';
import { barText, valueText, verdictOf } from '../src/report/figure.ts';
import { missedBars, type Report, renderMarkdown, renderText } from '../src/report/report.ts';

const report: Report = {
  title: 'Things, measured',
  command: 'pnpm bench:things --seed 7',
  seed: 7,
  isShort: false,
  about: ['What was done.'],
  sections: [
    {
      title: 'Rates',
      figures: [
        { name: 'reads', value: 123.4, unit: 'MB/s', goal: 100 },
        { name: 'share', value: 12.34, unit: '%', bar: { most: 10 } },
        { name: 'bytes rewritten', value: 0, unit: 'B', bar: { exactly: 0 }, atAnySize: true },
      ],
    },
  ],
};

test('a missed bar is counted, a missed goal is not', () => {
  expect(missedBars(report)).toBe(1);
  expect(verdictOf({ name: '', value: 1, unit: '', goal: 2 }, false)).toBe('below goal');
});

test('a short run is judged by what holds at any size only', () => {
  expect(missedBars({ ...report, isShort: true })).toBe(0);
  const broken = { name: '', value: 1, unit: 'B', bar: { exactly: 0 }, atAnySize: true };
  expect(verdictOf(broken, true)).toBe('MISSED');
});

test('figures have three digits that matter', () => {
  expect(valueText({ name: '', value: 1234.5, unit: '' })).toBe('1,235');
  expect(valueText({ name: '', value: 1.234, unit: '×' })).toBe('1.23 ×');
  expect(barText({ name: '', value: 0, unit: 'ms', bar: { most: 20 } })).toBe('at most 20 ms');
});

test('the seed and the verdict come last', () => {
  expect(renderText(report).split('\n')).toEqual([
    '',
    'Rates',
    '  what             measured  bar',
    '  reads            123 MB/s  goal 100 MB/s  goal met',
    '  share              12.3 %  at most 10 %   MISSED',
    '  bytes rewritten       0 B  exactly 0 B    ok',
    '',
    'seed 7: 1 bars are missed',
  ]);
});

test('a page names the machine and how to get its figures again', () => {
  const page = renderMarkdown(report, '2 cores', '2026-01-02');
  expect(page).toContain('# Things, measured\n\n2 cores, 2026-01-02: `pnpm bench:things --seed 7`.');
  expect(page).toContain('| share | 12.3 % | at most 10 % | MISSED |');
});
