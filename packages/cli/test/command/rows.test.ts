import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BIN, type CliOptions, clortho, jsonOf } from '../cli.ts';
import { type CallResult, call } from '../in-process.ts';

let directory: string;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clortho-cli-'));
  url = `file:${directory}/store`;
  const created = await store('create', '--shards', 'm', '--family', 'clicks:log');
  expect(created).toMatchObject({ code: 0, error: '' });
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function store(...parameters: string[]): Promise<CallResult> {
  return call(parameters, { CLORTHO_URL: url });
}

function lines({ out }: CallResult): string[] {
  return out.trimEnd().split('\n');
}

test('put, get, del: a value, then the values that it had', async () => {
  const first = await store('put', 'ann', 'one', '--json');
  const { timestamp } = jsonOf(first) as { timestamp: number };
  const second = await store('put', 'ann', 'two');
  expect(second.out).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\n$/);
  expect(await store('get', 'ann')).toMatchObject({ code: 0, out: 'two\n' });
  expect(await store('get', 'ann', '--as-of', String(timestamp))).toMatchObject({ code: 0, out: 'one\n' });
  const deleted = await store('del', 'ann');
  expect(await store('get', 'ann')).toMatchObject({
    code: 3,
    out: '',
    error: 'clortho: the key has no value: key=ann (CLORTHO_NOT_FOUND)\n',
  });
  // The time that a command prints is one that commands take.
  expect(await store('get', 'ann', '--as-of', second.out.trim())).toMatchObject({ code: 0, out: 'two\n' });
  const history = await store('history', 'ann');
  expect(lines(history)).toEqual([
    `${deleted.out.trim()}\tdel`,
    `${second.out.trim()}\tput\ttwo`,
    expect.stringMatching(/\tput\tone$/),
  ]);
});

test('put --if-absent fails where there is a value', async () => {
  await store('put', 'once', '1');
  const again = await store('put', 'once', '2', '--if-absent');
  expect(again.code).toBe(1);
  expect(again.error).toMatch(/^clortho: .* \(CLORTHO_CONFLICT\)\n$/);
  expect((await store('get', 'once')).out).toBe('1\n');
});

test('bytes that are no text go in and out as hexadecimal or base64', async () => {
  await store('put', 'ff00', 'c0ffee', '--hex');
  expect((await store('get', 'ff00', '--hex')).out).toBe('c0ffee\n');
  expect((await store('get', '/wA=', '--base64')).out).toBe('wP/u\n');
  const asText = await store('scan', '--reverse', '--limit', '1');
  expect(asText).toMatchObject({ code: 2, out: '' });
  expect(asText.error).toContain('--hex or --base64');
  expect((await store('get', 'xyz', '--hex')).code).toBe(2);
  await store('del', 'ff00', '--hex');
});

test('put reads a value from standard input as it is', async () => {
  const stdin: CliOptions = { input: 'line\nwithout end' };
  expect((await clortho(['put', 'piped', '-', '--url', url], stdin)).code).toBe(0);
  expect((await store('get', 'piped', '--json')).out).toBe('{"key":"piped","value":"line\\nwithout end"}\n');
});

test('scan takes bounds, order, limit and family', async () => {
  const rows = ['s/1', 's/2', 's/3', 's/4'];
  for (const key of rows) await store('put', key, key.toUpperCase());
  await store('put', 's/2', 'clicked', '--family', 'clicks');
  const keys = async (...range: string[]): Promise<string[]> =>
    lines(await store('scan', ...range)).map((line) => line.split('\t')[0] as string);
  expect(await keys('--prefix', 's/')).toEqual(rows);
  expect(await keys('--gte', 's/2', '--lt', 's/4')).toEqual(['s/2', 's/3']);
  expect(await keys('--gt', 's/2', '--lte', 's/4')).toEqual(['s/3', 's/4']);
  expect(await keys('--prefix', 's/', '--reverse', '--limit', '2')).toEqual(['s/4', 's/3']);
  expect((await store('scan', '--family', 'clicks')).out).toBe('s/2\tclicked\n');
  expect(jsonOf(await store('scan', '--gte', 's/4', '--prefix', 's/', '--json'))).toMatchObject({
    key: 's/4',
    value: 'S/4',
  });
  expect((await store('scan', '--prefix', 'nothing/')).out).toBe('');
});

test('a reader that goes away ends the command quietly', () => {
  const shell = `"${process.execPath}" "${BIN}" scan --url "${url}" | true`;
  const { status, stderr } = spawnSync('sh', ['-c', shell], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
