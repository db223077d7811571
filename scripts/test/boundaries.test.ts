/** The rules of `.dependency-cruiser.mjs` bite: planted violations in a small workspace are all reported. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), '..', 'boundaries.mjs');
const NAMES = ['base', 'sst', 'object-store', 'manifest', 'engine', 'testkit'];
const ALLOWED = {
  'sst/src/index.ts': `import '@clortho/base';`,
  'engine/src/index.ts': `import '@clortho/sst';\nimport '@clortho/manifest';`,
  'engine/src/left.ts': `import type { Right } from './right.ts';\nexport type Left = Right;`,
  'engine/src/right.ts': `import { type Left } from './left.ts';\nexport type Right = Left;`,
  'engine/test/store.test.ts': `import '@clortho/testkit';\nimport '../src/index.ts';`,
};
const PLANTED = [
  ['an import of a higher layer', 'sst/src/up.ts', `import '@clortho/engine';`, 'layer-sst'],
  ['an import of the same layer', 'sst/src/sideways.ts', `import '@clortho/object-store';`, 'layer-sst'],
  [
    'a type import of a higher layer',
    'base/src/type.ts',
    `import type {} from '@clortho/sst';`,
    'layer-base',
  ],
  ['the test harness in shipped code', 'engine/src/kit.ts', `import '@clortho/testkit';`, 'layer-engine'],
  ['the test harness above its place', 'testkit/src/up.ts', `import '@clortho/sst';`, 'layer-testkit'],
  ['a test that reaches up', 'sst/test/up.test.ts', `import '@clortho/manifest';`, 'layer-sst-tests'],
  ['a path into another package', 'engine/src/path.ts', `import '../../sst/src/index.ts';`, 'entry-of-sst'],
  ['a subpath into the sources', 'engine/src/sub.ts', `import '@clortho/sst/src/index.ts';`, 'entry-of-sst'],
  ['an import that resolves to nothing', 'engine/src/none.ts', `import '@clortho/nobody';`, 'resolvable'],
  [
    'shipped code on top of a test',
    'engine/src/tested.ts',
    `import '../test/store.test.ts';`,
    'shipped-without-tests',
  ],
  ['a cycle', 'engine/src/cycle.ts', `import './round.ts';`, 'no-cycle'],
  ['a package without a place', 'stray/src/index.ts', `import './other.ts';`, 'layer-unknown'],
] as const;

/** What the planted files import, faultless by itself. */
const COMPANIONS = { 'stray/src/other.ts': '', 'engine/src/round.ts': `import './cycle.ts';` };

const workspaces: string[] = [];

/** Makes a built workspace where every package can resolve every other, so that only the rules can object. */
function workspaceOf(files: Readonly<Record<string, string>>): string {
  const workspace = mkdtempSync(join(tmpdir(), 'clortho-boundaries-'));
  workspaces.push(workspace);
  const write = (path: string, text: string): void => {
    const file = join(workspace, 'packages', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\nexport {};\n`);
  };
  for (const name of NAMES) {
    const folder = join(workspace, 'packages', name);
    const scope = join(folder, 'node_modules', '@clortho');
    mkdirSync(scope, { recursive: true });
    for (const other of NAMES) symlinkSync(join('..', '..', '..', other), join(scope, other), 'dir');
    const dependencies = Object.fromEntries(NAMES.map((other) => [`@clortho/${other}`, '*']));
    const exports = { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './src/*': './src/*' };
    const fields = { name: `@clortho/${name}`, type: 'module', exports, dependencies };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(fields));
    for (const file of ['src/index.ts', 'dist/index.js', 'dist/index.d.ts']) write(`${name}/${file}`, '');
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
  return workspace;
}

function boundariesOf(workspace: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, workspace], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

afterAll(() => {
  for (const workspace of workspaces) rmSync(workspace, { recursive: true });
});

test('imports of lower layers pass, and are seen', () => {
  expect(boundariesOf(workspaceOf(ALLOWED))).toEqual({
    status: 0,
    output: expect.stringContaining('4 imports between packages, 0 violations'),
  });
});

test('a workspace in which nothing crosses a package fails: the check would be blind', () => {
  expect(boundariesOf(workspaceOf({}))).toEqual({
    status: 1,
    output: expect.stringContaining('nothing was checked'),
  });
});

test('a workspace that is not built is refused', () => {
  const workspace = workspaceOf(ALLOWED);
  rmSync(join(workspace, 'packages', 'sst', 'dist'), { recursive: true });
  expect(boundariesOf(workspace)).toEqual({ status: 2, output: 'not built: sst\n' });
});

describe('violations', () => {
  let result: ReturnType<typeof boundariesOf>;

  beforeAll(() => {
    const planted = PLANTED.map(([, path, line]) => [path, line] as const);
    const workspace = workspaceOf({ ...ALLOWED, ...Object.fromEntries(planted), ...COMPANIONS });
    mkdirSync(join(workspace, 'packages', 'stray', 'dist'));
    result = boundariesOf(workspace);
  });

  test.each(PLANTED)('%s is one', (_, path, _line, rule) => {
    expect(result.output).toContain(`${rule}: packages/${path} -> `);
  });

  test('they fail the check', () => {
    expect(result.status).toBe(1);
  });
});
