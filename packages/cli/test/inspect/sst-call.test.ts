import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/index.ts';
import { withDirectory } from '../cli.ts';
import { call } from '../in-process.ts';
import { goldenPath } from './golden-file.ts';

test.for([
  [['--limit', '3'], '--limit selects rows, which --rows shows'],
  [['--as-of', '3'], '--as-of selects rows, which --rows shows'],
  [['--rows', '--from', 'b', '--to', 'a'], 'a range ends before it begins'],
  [['--rows', '--from', 'b', '--to', 'a', '--as-of', '3'], 'the lower bound is above the upper bound'],
  [['--rows', '--limit', 'few'], 'expected a whole number'],
  [['--rows', '--hex', '--prefix', 'xyz'], 'not hex'],
] as const)('%j is a usage error', async ([options, problem]) => {
  const { code, error } = await call(['inspect', 'sst', goldenPath('kinds'), ...options]);
  expect(code).toBe(EXIT.usage);
  expect(error).toContain(problem);
});

test('what is neither a file nor an object is not found', () =>
  withDirectory(async (directory) => {
    await mkdir(join(directory, 'folder'));
    for (const name of ['nothing-here', 'folder']) {
      const { code, error } = await call(['inspect', 'sst', join(directory, name)]);
      expect(code).toBe(EXIT.absent);
      expect(error).toContain('neither a file nor an object');
    }
  }));

test('of an object of a store it tells where it stands, and the time that it does not store', () =>
  withDirectory(async (directory) => {
    const url = `file:${directory}`;
    await call(['create', '--time', 'external', '--url', url]);
    await call(['put', 'ant', 'one', '--timestamp', '1700000000000007', '--url', url]);
    const shard = await call(['inspect', 'shard', '0', '--json', '--url', url]);
    const { families } = JSON.parse(shard.out) as {
      readonly families: readonly { readonly entries: readonly { readonly id: string }[] }[];
    };
    const id = families[0]?.entries[0]?.id ?? '';
    const { code, out } = await call(['inspect', 'sst', id, '--url', url]);
    expect(code).toBe(EXIT.done);
    expect(out).toMatch(new RegExp(`^sst/${id}\\.sst .* family default, delta, level 0\n`));
    expect(out).toMatch(/features +timestamps absent\n/);
    const moment = '1700000000000007 (2023-11-14T22:13:20.000007Z)';
    expect(out).toContain(`${moment}, the same for all rows, from the manifest`);
    expect(out).toMatch(/^ {4}0 .* 2023-11-14T22:13:20\.000007Z$/m);
    const rows = await call(['inspect', 'sst', `sst/${id}.sst`, '--rows', '--url', url]);
    expect(rows.out).toMatch(/\n"ant" +1700000000000007 \([^)]+\) {2}never {2}put {3}"one"\n$/);
    const visible = ['inspect', 'sst', id, '--rows', '--as-of', '1700000000000006', '--json', '--url', url];
    expect(await call(visible)).toEqual({ code: EXIT.done, out: '', error: '' });
  }));
