/** What CI reports: no way of not having tested counts as a success. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), '..', 'totals.mjs');

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clortho-totals-'));
  writeFileSync(join(folder, 'check.json'), JSON.stringify({ passed: 12, failed: 0 }));
  writeFileSync(join(folder, 'vitest.json'), JSON.stringify({ numPassedTests: 5, numFailedTests: 0 }));
  writeFileSync(join(folder, 'bad.json'), JSON.stringify({ numPassedTests: 5, numFailedTests: 2 }));
  writeFileSync(join(folder, 'none.json'), JSON.stringify({ numPassedTests: 0, numFailedTests: 0 }));
  writeFileSync(join(folder, 'torn.json'), '{ "passed": 3');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ['both passed', ['unit=0=check.json', 'real=0=vitest.json'], '17 passed, 0 failed', 0],
  ['a test failed', ['unit=0=check.json', 'real=1=bad.json'], '17 passed, 2 failed', 1],
  [
    'a run failed without a failed test',
    ['unit=1=check.json', 'real=0=vitest.json'],
    '17 passed, 1 failed',
    1,
  ],
  ['a run tested nothing', ['unit=0=check.json', 'real=0=none.json'], '12 passed, 1 failed', 1],
  ['a run left no report', ['unit=0=check.json', 'real=0=absent.json'], '12 passed, 1 failed', 1],
  ['a run left half a report', ['unit=0=torn.json', 'real=0=vitest.json'], '5 passed, 1 failed', 1],
])('%s', (_, parameters, line, status) => {
  const result = spawnSync(process.execPath, [SCRIPT, ...parameters], { cwd: folder, encoding: 'utf8' });
  expect(result.stdout).toBe(`${line}\n`);
  expect(result.status).toBe(status);
});

test('what failed is named', () => {
  const failed = {
    status: 'failed',
    fullName: 'a sum is right',
    failureMessages: ['expected 1 to be 2\n at …'],
  };
  const passed = { status: 'passed', fullName: 'a difference is right', failureMessages: [] };
  const files = [
    { name: join(folder, 'sum.test.ts'), status: 'failed', message: '', assertionResults: [failed, passed] },
    {
      name: join(folder, 'torn.test.ts'),
      status: 'failed',
      message: 'no such module\n at …',
      assertionResults: [],
    },
  ];
  const report = { numPassedTests: 1, numFailedTests: 1, testResults: files };
  writeFileSync(join(folder, 'named.json'), JSON.stringify(report));
  writeFileSync(
    join(folder, 'steps.json'),
    JSON.stringify({ passed: 7, failed: 1, failures: ['the step lint'] }),
  );
  const parameters = ['unit=1=named.json', 'check=1=steps.json'];
  const { stdout } = spawnSync(process.execPath, [SCRIPT, ...parameters], { cwd: folder, encoding: 'utf8' });
  expect(stdout.split('\n')).toEqual([
    'FAILED  unit: sum.test.ts > a sum is right: expected 1 to be 2',
    'FAILED  unit: torn.test.ts: no such module',
    'FAILED  check: the step lint',
    '8 passed, 2 failed',
    '',
  ]);
});
