import { expect, test } from 'vitest';
import { clortho } from '../cli.ts';

const COMMANDS = [
  ['demo'],
  ['create'],
  ['put'],
  ['get'],
  ['del'],
  ['scan'],
  ['history'],
  ['load'],
  ['compact'],
  ['truncate'],
  ['gc'],
  ['stats'],
  ['inspect'],
  ['inspect', 'sst'],
  ['inspect', 'shard'],
  ['inspect', 'store'],
];

test('every command has help', async () => {
  for (const command of COMMANDS) {
    const { code, out, error } = await clortho([...command, '--help']);
    expect({ command, code, error }).toEqual({ command, code: 0, error: '' });
    expect(out).toContain(`Usage: clortho ${command.join(' ')}`);
    expect(out).toContain('--url <url>');
  }
}, 60_000);

test('the version is that of the package', async () => {
  const { default: description } = await import('../../package.json', { with: { type: 'json' } });
  expect(await clortho(['--version'])).toMatchObject({ code: 0, out: `${description.version}\n` });
});

test.for([
  [['bogus'], "unknown command 'bogus'"],
  [['get'], "missing required argument 'key'"],
  [['get', 'key', '--bogus'], "unknown option '--bogus'"],
  [['get', 'key'], 'which store? pass --url URL or set CLORTHO_URL'],
  [['get', 'key', '--url', 'ftp://x'], 'not a store URL'],
  [['get', 'key', '--url', 'file:/nowhere', '--as-of', 'yesterday'], 'expected an ISO date or microseconds'],
  [['get', 'key', '--url', 'file:/nowhere', '--hex', '--base64'], 'cannot be used with'],
  [['scan', '--url', 'file:/nowhere', '--limit', '-1'], 'expected a whole number'],
  [['create', '--url', 'memory:'], 'a store in memory ends with its process'],
  [['create', '--url', 'file:/nowhere', '--family', 'a:tree'], 'expected name, name:kv or name:log'],
] as const)('%j is a usage error', async ([parameters, problem]) => {
  const { code, out, error } = await clortho(parameters);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error).toContain(problem);
  expect(error).toMatch(/^clortho: .+ \(CLORTHO_INVALID\)\n$/);
});

test('without a command it shows help and fails', async () => {
  const { code, out, error } = await clortho([]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(error).toMatch(/^Usage: clortho/);
});

test('a store that is not there is not found, and is not made', async () => {
  const { code, error } = await clortho(['get', 'key'], { environment: { CLORTHO_URL: 'file:/tmp/clortho-no-such-store' } });
  expect(code).toBe(3);
  expect(error).toMatch(/^clortho: .+ \(CLORTHO_NOT_FOUND\)\n$/);
});

test('--debug shows the stack', async () => {
  const { error } = await clortho(['get', 'key', '--debug', '--url', 'file:/tmp/clortho-no-such-store']);
  expect(error).toMatch(/^clortho: .+ \(CLORTHO_NOT_FOUND\)\nClorthoError: .+\n {4}at /);
});
