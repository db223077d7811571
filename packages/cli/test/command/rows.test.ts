import { afterAll, beforeAll, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliOptions, type CliResult, clortho, jsonOf } from '../cli.ts';

let directory: string;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clortho-cli-'));
  url = `file:${directory}/store`;
  const created = await call('create', '--shards', 'm', '--family', 'clicks:log');
  expect(created).toMatchObject({ code: 0, error: '' });
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function call(...parameters: string[]): Promise<CliResult> {
  return clortho([...parameters, '--url', url]);
}

function lines({ out }: CliResult): string[] {
  return out.trimEnd().split('\n');
}

test('put, get, del: a value, then the values that it had', async () => {
  const first = await call('put', 'ann', 'one', '--json');
  const { timestamp } = jsonOf(first) as { timestamp: number };
  const second = await call('put', 'ann', 'two');
  expect(second.out).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\n$/);
  expect(await call('get', 'ann')).toMatchObject({ code: 0, out: 'two\n' });
  expect(await call('get', 'ann', '--as-of', String(timestamp))).toMatchObject({ code: 0, out: 'one\n' });
  const deleted = await call('del', 'ann');
  expect(await call('get', 'ann')).toMatchObject({
    code: 3,
    out: '',
    error: 'clortho: the key has no value: key=ann (CLORTHO_NOT_FOUND)\n',
  });
  // The time that a command prints is one that commands take.
  expect(await call('get', 'ann', '--as-of', second.out.trim())).toMatchObject({ code: 0, out: 'two\n' });
  const history = await call('history', 'ann');
  expect(lines(history)).toEqual([
    `${deleted.out.trim()}\tdel`,
    `${second.out.trim()}\tput\ttwo`,
    expect.stringMatching(/\tput\tone$/),
  ]);
});

test('put --if-absent fails where there is a value', async () => {
  await call('put', 'once', '1');
  const again = await call('put', 'once', '2', '--if-absent');
  expect(again.code).toBe(1);
  expect(again.error).toMatch(/^clortho: .* \(CLORTHO_CONFLICT\)\n$/);
  expect((await call('get', 'once')).out).toBe('1\n');
});

test('bytes that are no text go in and out as hexadecimal or base64', async () => {
  await call('put', 'ff00', 'c0ffee', '--hex');
  expect((await call('get', 'ff00', '--hex')).out).toBe('c0ffee\n');
  expect((await call('get', '/wA=', '--base64')).out).toBe('wP/u\n');
  const asText = await call('scan', '--reverse', '--limit', '1');
  expect(asText).toMatchObject({ code: 2, out: '' });
  expect(asText.error).toContain('--hex or --base64');
  expect((await call('get', 'xyz', '--hex')).code).toBe(2);
  await call('del', 'ff00', '--hex');
});

test('put reads a value from standard input as it is', async () => {
  const stdin: CliOptions = { input: 'line\nwithout end' };
  expect((await clortho(['put', 'piped', '-', '--url', url], stdin)).code).toBe(0);
  expect((await call('get', 'piped', '--json')).out).toBe('{"key":"piped","value":"line\\nwithout end"}\n');
});

test('scan takes bounds, order, limit and family', async () => {
  const rows = ['s/1', 's/2', 's/3', 's/4'];
  for (const key of rows) await call('put', key, key.toUpperCase());
  await call('put', 's/2', 'clicked', '--family', 'clicks');
  const keys = async (...range: string[]): Promise<string[]> =>
    lines(await call('scan', ...range)).map((line) => line.split('\t')[0] as string);
  expect(await keys('--prefix', 's/')).toEqual(rows);
  expect(await keys('--gte', 's/2', '--lt', 's/4')).toEqual(['s/2', 's/3']);
  expect(await keys('--gt', 's/2', '--lte', 's/4')).toEqual(['s/3', 's/4']);
  expect(await keys('--prefix', 's/', '--reverse', '--limit', '2')).toEqual(['s/4', 's/3']);
  expect((await call('scan', '--family', 'clicks')).out).toBe('s/2\tclicked\n');
  expect(jsonOf(await call('scan', '--gte', 's/4', '--prefix', 's/', '--json'))).toMatchObject({ key: 's/4', value: 'S/4' });
  expect((await call('scan', '--prefix', 'nothing/')).out).toBe('');
});

test('a reader that goes away ends the command quietly', async () => {
  const { spawnSync } = await import('node:child_process');
  const { BIN } = await import('../cli.ts');
  const shell = `"${process.execPath}" "${BIN}" scan --url "${url}" | true`;
  const { status, stderr } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
