import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clortho, jsonOf, withDirectory } from '../cli.ts';
import { call } from '../in-process.ts';

async function filled(directory: string): Promise<string> {
  const url = `file:${directory}`;
  await call(['create', '--url', url, '--shards', '2']);
  for (const key of ['a', 'b', 'c']) await call(['put', key, `value of ${key}`, '--url', url]);
  return url;
}

/** Returns the name of the object that a file holds. */
function nameOf(file: string): string {
  return file.replace(/\.blob$/, '');
}

test('a sound store has no findings', () =>
  withDirectory(async (directory) => {
    const url = await filled(directory);
    const sound = await clortho(['verify', '--url', url]);
    expect(sound).toMatchObject({ code: 0, error: '' });
    expect(sound.out).toMatch(/^read {6}4 registers, .* 3 files, 3 rows, .*\nverdict {3}nothing is wrong\n$/);
    await writeFile(join(directory, 'objects', 'sst', `${'7'.repeat(26)}.sst.blob`), 'left behind');
    const json = await call(['verify', '--url', url, '--json']);
    expect(json.code).toBe(0);
    expect(jsonOf(json)).toMatchObject({ findings: [], files: 3, orphans: [{ bytes: 11 }] });
    expect((await call(['verify', '--url', url])).out).toContain('orphans   1 objects, 11 B');
  }));

test('what is wrong is named, and the exit code tells', () =>
  withDirectory(async (directory) => {
    const url = await filled(directory);
    const folder = join(directory, 'objects', 'sst');
    const [damaged = '', gone = ''] = await readdir(folder);
    const bytes = await readFile(join(folder, damaged));
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(join(folder, damaged), bytes);
    await rm(join(folder, gone));
    const { code, out, error } = await clortho(['verify', '--url', url]);
    expect(code).toBe(1);
    expect(error).toMatch(/^clortho: the store is damaged: findings=2 first=sst\/.*\(CLORTHO_CORRUPT\)\n$/);
    expect(out).toMatch(new RegExp(`^damaged  sst/${nameOf(damaged)}  .* shard=0  family=default$`, 'm'));
    expect(out).toMatch(new RegExp(`^missing  sst/${nameOf(gone)}  .* shard=0  family=default$`, 'm'));
    expect(out).toContain('verdict   2 findings');
    const json = await call(['verify', '--url', url, '--json']);
    expect(json.code).toBe(1);
    expect(jsonOf(json)).toMatchObject({
      findings: [{ at: expect.any(String) }, { at: expect.any(String) }],
    });
  }));

test('a store that is not there is not found', async () => {
  expect((await call(['verify', '--url', 'file:/nowhere'])).code).toBe(3);
});
