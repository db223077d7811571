import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clortho, jsonOf, withDirectory } from '../cli.ts';
import { type CallResult, call } from '../in-process.ts';

async function loadText(name: string, text: string, ...parameters: string[]): Promise<[CallResult, string]> {
  return withDirectory(async (directory) => {
    const url = `file:${directory}/store`;
    await call(['create', '--url', url]);
    await writeFile(join(directory, name), text);
    const loaded = await call(['load', join(directory, name), '--url', url, ...parameters]);
    const { out } = await call(['scan', '--url', url]);
    return [loaded, out];
  });
}

test('CSV with quotes, a byte-order mark and another delimiter', async () => {
  const text = '\ufeffid;name\n1;"Ann; ""A"""\n\n2;Bob\n';
  const [loaded, rows] = await loadText(
    'people.csv',
    text,
    '--key',
    'id',
    '--value',
    'name',
    '--delimiter',
    ';',
  );
  expect(loaded).toMatchObject({ code: 0, error: '' });
  expect(loaded.out).toMatch(/^2 rows in /);
  expect(rows).toBe('1\tAnn; "A"\n2\tBob\n');
});

test('NDJSON with values of any type', async () => {
  const text = '{"id":7,"tags":["x"]}\n{"id":"b","tags":null}\n';
  const [loaded, rows] = await loadText('rows.ndjson', text, '--key', 'id', '--value', 'tags', '--json');
  expect(jsonOf(loaded)).toMatchObject({ rows: 2 });
  expect(rows).toBe('7\t["x"]\nb\tnull\n');
});

test('standard input needs a format', () =>
  withDirectory(async (directory) => {
    const url = `file:${directory}`;
    await call(['create', '--url', url]);
    const input = '{"id":"a"}\n';
    expect((await clortho(['load', '-', '--key', 'id', '--url', url], { input })).code).toBe(2);
    expect(
      (await clortho(['load', '-', '--key', 'id', '--format', 'ndjson', '--url', url], { input })).code,
    ).toBe(0);
    expect((await call(['get', 'a', '--url', url])).out).toBe('{"id":"a"}\n');
  }));

test('a bad record names its line; batches before it are loaded', async () => {
  const text = '{"id":"a"}\n{"id":"b"}\nnot json\n';
  const [loaded, rows] = await loadText('rows.ndjson', text, '--key', 'id', '--batch', '1');
  expect(loaded).toMatchObject({ code: 2, out: '', error: 'clortho: not JSON: line=3 (CLORTHO_INVALID)\n' });
  expect(rows).toBe('a\t{"id":"a"}\nb\t{"id":"b"}\n');
});

test('a missing column is named, with those that there are', async () => {
  const [loaded, rows] = await loadText('rows.csv', 'id,n\n1,2\n', '--key', 'nr');
  expect(loaded.code).toBe(2);
  expect(loaded.error).toContain('column=nr line=2 has=id, n');
  expect(rows).toBe('');
});

test('a missing file is not found', async () => {
  expect((await call(['load', '/no/such.csv', '--key', 'id', '--url', 'file:/nowhere'])).code).toBe(3);
});
