/** The house style check bites: planted faults in a small workspace are all reported, and good style passes. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), '..', 'style.mjs');
// Written in two halves, so that this file itself has no such mark.
const UNFINISHED = ['TO', 'DO'].join('');
const HEADER = '/** A module. */\n';
const GOOD = {
  'sst/src/index.ts': `${HEADER}export { open } from './open.ts';`,
  'sst/src/block/first-block.ts': `${HEADER}/** A block. */\nexport const block = 1;`,
  'sst/src/open.ts':
    `${HEADER}import { at } from './at.ts';\n/** Opens. */\nexport function open(): void;\nexport function open(a?: Date): void {\n` +
    `invariant(a instanceof Date, 'a time', a);\nthrow new ClorthoError('CLORTHO_INVALID', \`time is off: \${at}\`); }`,
  'base/src/clock.ts': `${HEADER}const now = (): number => Date.now();`,
  'sst/test/open.test.ts': `test.each([1])('opens %s', () => {});`,
};
const PLANTED = [
  ['a module without a header', 'sst/src/bare.ts', 'const a = 1;', 'begin with a /** header */'],
  ['an export without a comment', 'sst/src/mute.ts', `${HEADER}export const a = 1;`, 'document the export'],
  ['a wildcard export', 'sst/src/wild.ts', `${HEADER}export * from './open.ts';`, 'list the exported names'],
  ['a name in camel case', 'sst/src/firstBlock.ts', HEADER, 'name it in kebab-case'],
  ['a name that says nothing', 'sst/src/block-utils.ts', HEADER, 'name it after the thing'],
  ['an unfinished place', 'sst/src/half.ts', `${HEADER}// ${UNFINISHED}: the rest`, 'finish what is marked'],
  ['the present time', 'sst/src/now.ts', `${HEADER}const at = new Date();`, 'take time and chance'],
  ['a random number', 'sst/src/dice.ts', `${HEADER}const at = Math.random();`, 'take time and chance'],
  [
    'a built text',
    'sst/src/text.ts',
    `${HEADER}invariant(a, \`b \${c}\`);`,
    'give invariant a constant text',
  ],
  [
    'a capital',
    'sst/src/big.ts',
    `${HEADER}throw new ClorthoError('C', 'Bad call');`,
    'begin an error message',
  ],
  ['a skipped test', 'sst/test/skip.test.ts', `test.skip('a', () => {});`, 'run every test'],
  ['a lonely suite', 'sst/test/only.test.ts', `describe.only('a', () => {});`, 'run every test'],
] as const;

const workspaces: string[] = [];

function styleOf(files: Readonly<Record<string, string>>): {
  readonly status: number | null;
  readonly output: string;
} {
  const workspace = mkdtempSync(join(tmpdir(), 'clortho-style-'));
  workspaces.push(workspace);
  for (const [path, text] of Object.entries(files)) {
    const file = join(workspace, 'packages', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, workspace], { encoding: 'utf8' });
  return { status, output: stderr + stdout };
}

afterAll(() => {
  for (const workspace of workspaces) rmSync(workspace, { recursive: true });
});

test('good style passes', () => {
  expect(styleOf(GOOD)).toEqual({ status: 0, output: '5 files, 0 faults\n' });
});

describe('faults', () => {
  let result: ReturnType<typeof styleOf>;

  beforeAll(() => {
    result = styleOf(Object.fromEntries(PLANTED.map(([, path, text]) => [path, text])));
  });

  test.each(PLANTED)('%s is one', (_, path, _text, problem) => {
    const line = result.output.split('\n').find((text) => text.startsWith(`packages/${path}:`));
    expect(line).toContain(problem);
  });

  test('there are no others, and they fail the check', () => {
    expect(result.output).toContain(`${PLANTED.length} files, ${PLANTED.length} faults`);
    expect(result.status).toBe(1);
  });
});
