import { expect, test } from 'vitest';
import description from '../../package.json' with { type: 'json' };
import { EXIT } from '../../src/index.ts';
import { call } from '../in-process.ts';

test.for([
  'demo',
  'create',
  'put',
  'get',
  'del',
  'scan',
  'history',
  'load',
  'export',
  'import',
  'verify',
  'compact',
  'truncate',
  'gc',
  'stats',
  'bench',
  'inspect',
  'inspect sst',
  'inspect shard',
  'inspect store',
  'gossip',
  'gossip simulate',
  'gossip members',
  'gossip watch',
])('%s has help', async (command) => {
  const { code, out, error } = await call([...command.split(' '), '--help']);
  expect({ code, error }).toEqual({ code: EXIT.done, error: '' });
  expect(out).toContain(`Usage: clortho ${command}`);
  expect(out).toContain('--url <url>');
});

test('help without a command lists all of them', async () => {
  const { code, out } = await call(['--help']);
  expect(code).toBe(EXIT.done);
  const listed = [...out.matchAll(/^ {2}(\w+) .*$/gm)].map(([, name]) => name);
  const names =
    'demo create put get del scan history load export import compact truncate gc verify stats bench inspect gossip lease help';
  expect(listed).toEqual(names.split(' '));
});

test('options may come before the command', async () => {
  const { code, error } = await call(['--url', 'file:/tmp/clortho-no-such-store', 'get', 'key']);
  expect(code).toBe(EXIT.absent);
  expect(error).toContain('CLORTHO_NOT_FOUND');
});

test('the version is that of the package', async () => {
  expect(await call(['--version'])).toEqual({ code: EXIT.done, out: `${description.version}\n`, error: '' });
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
  [['gossip', 'simulate', '--loss', '2'], 'expected a number from 0 to 1'],
  [['gossip', 'members', '--cluster', 'c'], "required option '--seeds <addresses>' not specified"],
  [['gossip', 'members', '--cluster', 'c', '--seeds', '127.0.0.1:9'], 'which key?'],
  [['demo', '--dir', 'here', '--url', 'file:/there'], '--dir and --url exclude each other'],
] as const)('%j is a usage error', async ([parameters, problem]) => {
  const { code, out, error } = await call(parameters);
  expect({ code, out }).toEqual({ code: EXIT.usage, out: '' });
  expect(error).toContain(problem);
  expect(error).toMatch(/^clortho: .+ \(CLORTHO_INVALID\)\n$/);
});

test('without a command it shows help and fails', async () => {
  const { code, out, error } = await call([]);
  expect({ code, out }).toEqual({ code: EXIT.usage, out: '' });
  expect(error).toMatch(/^Usage: clortho/);
  expect(error).toMatch(/\nclortho: which command\? \(CLORTHO_INVALID\)\n$/);
});

test('a store that is not there is not found, and is not made', async () => {
  const environment = { CLORTHO_URL: 'file:/tmp/clortho-no-such-store' };
  for (let again = 0; again < 2; again += 1) {
    const { code, error } = await call(['get', 'key'], environment);
    expect(code).toBe(EXIT.absent);
    expect(error).toMatch(/^clortho: .+ \(CLORTHO_NOT_FOUND\)\n$/);
  }
});

test('--debug shows the stack', async () => {
  const { error } = await call(['get', 'key', '--debug', '--url', 'file:/tmp/clortho-no-such-store']);
  expect(error).toMatch(/^clortho: .+ \(CLORTHO_NOT_FOUND\)\nClorthoError: .+\n {4}at /);
});
