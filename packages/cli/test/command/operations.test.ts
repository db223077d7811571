import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clortho, jsonOf, withDirectory } from '../cli.ts';
import { call } from '../in-process.ts';

test(
  'a store through its life: create, load, inspect, compact, truncate, collect',
  () =>
    withDirectory(async (directory) => {
      const url = `file:${directory}`;
      const there = ['--url', url, '--json'];
      // Every command, and every code that a call ends with, is seen from outside once.
      const start = (...parameters: string[]) => clortho([...parameters, ...there]);
      const again = (...parameters: string[]) => call([...parameters, ...there]);
      expect(
        (await start('create', '--time', 'external', '--shards', '2', '--family', 'events:log')).code,
      ).toBe(0);
      // Creating is idempotent; contradicting is not.
      expect((await again('create', '--time', 'external')).code).toBe(0);
      expect(await start('create', '--time', 'clock')).toMatchObject({ code: 2, out: '' });

      const csv = Array.from({ length: 25 }, (_, row) => `k${row % 5},${row}`).join('\n');
      await writeFile(join(directory, 'rows.csv'), `id,n\n${csv}\n`);
      const loaded = await start(
        'load',
        join(directory, 'rows.csv'),
        '--key',
        'id',
        '--batch',
        '5',
        '--timestamp',
        '1000',
      );
      expect(jsonOf(loaded)).toMatchObject({ rows: 25 });
      expect(jsonOf(await start('get', 'k3'))).toEqual({ key: 'k3', value: '{"id":"k3","n":"23"}' });
      expect(jsonOf(await again('get', 'k3', '--as-of', '1001'))).toEqual({
        key: 'k3',
        value: '{"id":"k3","n":"8"}',
      });

      expect(jsonOf(await start('stats'))).toMatchObject({
        time: 'external',
        totals: { delta: { rows: 25 } },
      });
      const shard = jsonOf(await start('inspect', 'shard', '0')) as {
        families: { entries: { id: string }[] }[];
      };
      const id = shard.families[0]!.entries[0]!.id;
      const sst = jsonOf(await start('inspect', 'sst', id)) as {
        uniformTimestamp: number;
        sections: { name: string; offset: number; bytes: number }[];
        summary: { bytes: number; rows: number };
        blocks: { rows: number }[];
      };
      expect(sst).toMatchObject({ family: 'default', tier: 'delta', level: 0, summary: { rows: 5 } });
      expect(sst.uniformTimestamp).toBeGreaterThanOrEqual(1000);
      const last = sst.sections.at(-1)!;
      expect(sst.sections.map(({ name }) => name)).toContain('data blocks');
      expect(last.offset + last.bytes).toBe(sst.summary.bytes);
      expect(sst.blocks.reduce((sum, { rows }) => sum + rows, 0)).toBe(5);
      expect((await start('inspect', 'shard', '7')).code).toBe(3);
      expect((await again('inspect', 'sst', 'nothing-here')).code).toBe(3);

      expect(jsonOf(await start('compact'))).toMatchObject({ jobs: expect.any(Number) });
      const { totals } = jsonOf(await start('inspect', 'store')) as {
        totals: Record<'delta' | 'current' | 'history', { rows: number }>;
      };
      expect(totals).toMatchObject({ delta: { rows: 0 }, current: { rows: 5 }, history: { rows: 20 } });

      expect(jsonOf(await start('truncate', '1004'))).toMatchObject({ horizon: 1004, rowsDropped: 20 });
      expect(await start('get', 'k3', '--as-of', '1001')).toMatchObject({
        code: 1,
        error: expect.stringMatching(/^clortho: .* \(CLORTHO_HISTORY_TRUNCATED\)\n$/),
      });
      expect((await start('gc')).code).toBe(0);
      expect(await readdir(join(directory, 'objects', 'sst'))).toHaveLength(1);
      expect(jsonOf(await again('get', 'k3'))).toMatchObject({ value: '{"id":"k3","n":"23"}' });
    }),
  60_000,
);

test('people read tables', () =>
  withDirectory(async (directory) => {
    const url = `file:${directory}`;
    await call(['create', '--url', url]);
    await call(['put', 'key', 'value', '--url', url]);
    const shown = await clortho(['inspect', 'store', '--url', url]);
    expect(shown.out).toContain('default  kv    delta');
    expect((await clortho(['stats', '--url', url])).out).toMatch(/default {2}kv +1 +1 /);
    const [file] = await readdir(join(directory, 'objects', 'sst'), { recursive: true });
    const sst = await clortho(['inspect', 'sst', join(directory, 'objects', 'sst', file!)]);
    expect(sst).toMatchObject({ code: 0, error: '' });
    expect(sst.out).toContain('data blocks');
    expect(sst.out).toMatch(/keys +"key" to "key"/);
    // Nothing that a pipe or NO_COLOR would not want.
    expect(sst.out).not.toContain('\u001b');
  }));
