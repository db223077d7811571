/**
 * Runs every check of the project, one after the other, and says at the end what passed and what did not.
 *
 * A failed step does not stop the ones after it: one run shows everything there is to repair. The last line,
 * `N passed, N failed`, counts the steps and the single tests of the unit step.
 *
 *     node scripts/check.mjs [step …]       all steps, or the named ones in the order below
 *
 * With CLORTHO_TOTALS=FILE the totals are written there as JSON and not printed, for a caller that adds its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const UNIT_REPORT = join('.run', 'unit.json');

const STEPS = [
  {
    name: 'build',
    about: 'compile every package',
    commands: [
      'node scripts/prune-dist.mjs',
      'pnpm exec turbo run build --continue --output-logs=errors-only',
    ],
  },
  {
    name: 'types',
    about: 'check the types of tests and configuration',
    commands: ['pnpm exec tsc -p tsconfig.test.json'],
  },
  { name: 'lint', about: 'lint with types', commands: ['pnpm exec oxlint --type-aware --deny-warnings'] },
  { name: 'format', about: 'check the formatting', commands: ['pnpm exec biome check .'] },
  { name: 'style', about: 'check the house style', commands: ['node scripts/style.mjs'] },
  { name: 'boundaries', about: 'check the layers', commands: ['node scripts/boundaries.mjs'] },
  {
    name: 'unused',
    about: 'look for dead exports, files and dependencies',
    commands: ['pnpm exec knip --no-progress --no-config-hints'],
  },
  {
    name: 'unit',
    about: 'run the tests',
    commands: [`pnpm exec vitest run --reporter=default --reporter=json --outputFile.json=${UNIT_REPORT}`],
    tests: UNIT_REPORT,
  },
  {
    name: 'packages',
    about: 'use every package alone, from its tarball',
    commands: ['node scripts/packages.mjs'],
  },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  console.error(
    `no such step: ${unknown.join(', ')}; there are ${STEPS.map((step) => step.name).join(', ')}`,
  );
  process.exit(2);
}

mkdirSync('.run', { recursive: true });
const results = STEPS.filter((step) => wanted.length === 0 || wanted.includes(step.name)).map(runStep);

heading('summary');
for (const { name, ok, seconds, note } of results) {
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s  ${note}`);
}
const totals = { passed: 0, failed: 0 };
for (const { ok, tests } of results) {
  totals.passed += (ok ? 1 : 0) + tests.passed;
  totals.failed += (ok ? 0 : 1) + tests.failed;
}
if (process.env.CLORTHO_TOTALS === undefined) console.log(`${totals.passed} passed, ${totals.failed} failed`);
else writeFileSync(process.env.CLORTHO_TOTALS, JSON.stringify(totals));
process.exitCode = totals.failed === 0 ? 0 : 1;

function runStep(step) {
  heading(`${step.name}: ${step.about}`);
  if (step.tests !== undefined) rmSync(step.tests, { force: true });
  const started = performance.now();
  const ok = step.commands.every(runCommand);
  const seconds = (performance.now() - started) / 1000;
  const tests = step.tests === undefined ? { passed: 0, failed: 0 } : readTests(step.tests);
  const note = step.tests === undefined ? '' : `${tests.passed} tests passed, ${tests.failed} failed`;
  console.log(`${step.name} ${ok ? 'passed' : 'failed'} in ${seconds.toFixed(1)} s`);
  return { name: step.name, ok, seconds, note, tests };
}

function runCommand(command) {
  const { status } = spawnSync(command, {
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
  });
  return status === 0;
}

/** Reads vitest's report; one that was never written counts no tests (the step itself has failed then). */
function readTests(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function heading(text) {
  console.log(`\n=== ${text} ${'='.repeat(Math.max(3, 90 - text.length))}`);
}
