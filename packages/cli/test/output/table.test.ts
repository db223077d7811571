import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatMoment } from '../../src/output/format.ts';
import { renderTable } from '../../src/output/table.ts';
import type { Terminal } from '../../src/output/terminal.ts';

const plain: Terminal = {
  line: () => undefined,
  write: () => Promise.resolve(),
  error: () => undefined,
  isInteractive: false,
  hasColour: false,
  columns: 80,
};

test('columns are aligned, without boxes and trailing blanks', () => {
  const table = renderTable(
    plain,
    [{ title: 'name' }, { title: 'count', align: 'right' }],
    [
      ['a', '1'],
      ['longer', '12'],
    ],
  );
  expect(table.split('\n')).toEqual(['name    count', '──────  ─────', 'a           1', 'longer     12']);
});

test('colours only where the terminal has them', () => {
  expect(renderTable(plain, [{ title: 'x' }], [])).not.toContain('\u001b');
  expect(renderTable({ ...plain, hasColour: true }, [{ title: 'x' }], [])).toContain('\u001b[1mx');
});

test('sizes, durations and moments', () => {
  expect([0, 1023, 1024, 5 * 1024 ** 3].map(formatBytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '5.0 GiB']);
  expect([4, 1500, 125_000].map(formatDuration)).toEqual(['4 ms', '1.5 s', '2 min 5 s']);
  expect(formatMoment(993_945_600_000_001)).toBe('2001-07-01T00:00:00.000001Z');
  expect(formatMoment(Number.MAX_SAFE_INTEGER)).toBe('2255-06-05T23:47:34.740991Z');
});
