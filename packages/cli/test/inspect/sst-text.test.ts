import { describe, expect, test } from 'vitest';
import { inspectGolden } from './golden-file.ts';

test.for(['versions', 'collectors', 'empty', 'timestamps-absent', 'partitions'])(
  'people read of %s.sst what they read yesterday',
  async (name) => {
    const { code, out, error } = await inspectGolden(name);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    await expect(out).toMatchFileSnapshot(`expected/${name}.txt`);
  },
);

test.for([
  ['rows-kinds', 'kinds', []],
  ['rows-versions', 'versions', ['--reverse', '--limit', '3']],
  ['rows-absent', 'timestamps-absent', ['--limit', '6']],
  ['rows-long', 'long-keys', []],
] as const)('rows are lines: %s', async ([expected, name, options]) => {
  const { code, out } = await inspectGolden(name, '--rows', ...options);
  expect(code).toBe(0);
  await expect(out).toMatchFileSnapshot(`expected/${expected}.txt`);
});

describe('a long table of blocks', () => {
  const blockLines = (out: string): string[] => {
    const [, table = ''] = out.split('\nblocks\n');
    return table.split('\n').filter((line) => /^ *(?:\d+|⋮) {2}/.test(line));
  };

  test('is shortened in the middle, and says so', async () => {
    const { out } = await inspectGolden('integers');
    expect(blockLines(out)).toHaveLength(21);
    expect(out).toMatch(/\n\d+ blocks between are left out; --blocks shows all\n/);
  });

  test('is whole with --blocks', async () => {
    const { out } = await inspectGolden('integers', '--blocks');
    const numbers = blockLines(out).map((line) => Number(line.trim().split(' ')[0]));
    expect(numbers.length).toBeGreaterThan(60);
    expect(numbers).toEqual(numbers.map((_, at) => at));
    expect(out).not.toContain('left out');
  });
});

test('without verification it says that nobody looked at the rows', async () => {
  const { code, out } = await inspectGolden('one-row', '--no-verify');
  expect(code).toBe(0);
  expect(out).toMatch(/\nnot verified \(--no-verify\): [^\n]+\n$/);
});
