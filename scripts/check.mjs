/**
 * Runs every check of the project and says at the end what passed and what did not.
 *
 * Two steps run at a time. Their output does not mix: it is shown in the order below, live for the first step that is
 * not done, at once for those that were faster. A failed step does not stop the ones after it: one run shows
 * everything there is to repair. The last line, `N passed, N failed`, counts the steps and the single tests of the
 * unit step.
 *
 *     node scripts/check.mjs [step …]       all steps, or the named ones in the order below
 *
 * With CLORTHO_TOTALS=FILE the totals are written there as JSON and not printed, for a caller that adds its own.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readReport } from './report.mjs';

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const UNIT_REPORT = join('.run', 'unit.json');
/** Most steps keep one core busy; a machine with more of them has them for the workers of the unit step. */
const RUNNING_MAX = 2;
/** The packages, and what tests run beside them in processes of its own. */
const PROJECTS = [
  ...readdirSync('packages').map((name) => `packages/${name}`),
  'packages/engine/sim',
  'packages/compaction/sim',
];
const STATIC = ['lint', 'format', 'style', 'boundaries', 'unused'];

/** A step starts when those named by `after` are done, if they run at all. */
const STEPS = [
  {
    name: 'build',
    about: 'compile every package',
    // What `pnpm build` does by turbo, package by package, in one process: ten compilers, each of which reads the
    // declarations of Node, the AWS SDK and the packages below once more, take two and a half times as long.
    commands: ['node scripts/prune-dist.mjs', `pnpm exec tsc -b ${PROJECTS.join(' ')}`],
    after: [],
  },
  {
    name: 'lint',
    about: 'lint, and check the types of all that is not compiled',
    commands: ['pnpm exec oxlint --type-aware --type-check --deny-warnings'],
    after: ['build'],
  },
  {
    name: 'format',
    about: 'check the formatting',
    commands: ['pnpm exec biome check .'],
    after: [],
  },
  {
    name: 'style',
    about: 'check the house style',
    commands: ['node scripts/style.mjs'],
    after: [],
  },
  {
    name: 'boundaries',
    about: 'check the layers',
    commands: ['node scripts/boundaries.mjs'],
    after: ['build'],
  },
  {
    name: 'unused',
    about: 'look for dead exports, files and dependencies',
    commands: ['pnpm exec knip --no-progress --no-config-hints'],
    after: ['build'],
  },
  {
    name: 'unit',
    about: 'run the tests',
    commands: [`pnpm exec vitest run --reporter=default --reporter=json --outputFile.json=${UNIT_REPORT}`],
    tests: UNIT_REPORT,
    after: ['build', ...STATIC],
  },
  {
    name: 'packages',
    about: 'use every package alone, from its tarball',
    commands: ['node scripts/packages.mjs'],
    after: ['build', ...STATIC],
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
const runs = STEPS.filter((step) => wanted.length === 0 || wanted.includes(step.name)).map((step) => ({
  step,
  output: [],
  result: undefined,
}));
let shown = 0;
const results = await runAll();

heading({ name: 'summary' });
for (const { name, ok, seconds, note } of results) {
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s  ${note}`);
}
const totals = { passed: 0, failed: 0, failures: results.flatMap(failuresOf) };
for (const { ok, tests } of results) {
  totals.passed += (ok ? 1 : 0) + tests.passed;
  totals.failed += (ok ? 0 : 1) + tests.failed;
}
for (const failure of totals.failures) console.log(`FAILED  ${failure}`);
if (process.env.CLORTHO_TOTALS === undefined) console.log(`${totals.passed} passed, ${totals.failed} failed`);
else writeFileSync(process.env.CLORTHO_TOTALS, JSON.stringify(totals));
process.exitCode = totals.failed === 0 ? 0 : 1;

/** Returns the failed tests of a step, or its name if it failed otherwise. */
function failuresOf({ name, ok, tests }) {
  return ok || tests.failures.length > 0 ? tests.failures : [`the step ${name}`];
}

/** Runs all steps, as many at a time as may run; resolves to their results in the order of the steps. */
async function runAll() {
  const waiting = new Set(runs);
  const running = new Map();
  if (runs.length > 0) heading(runs[0].step);
  while (waiting.size + running.size > 0) {
    for (const run of waiting) {
      if (running.size === RUNNING_MAX) break;
      const isHeld = runs.some(
        ({ step, result }) => run.step.after.includes(step.name) && result === undefined,
      );
      if (isHeld) continue;
      waiting.delete(run);
      running.set(
        run,
        runStep(run).then(() => running.delete(run)),
      );
    }
    await Promise.race(running.values());
    showDone();
  }
  return runs.map(({ result }) => result);
}

async function runStep(run) {
  const { name, tests: report, commands } = run.step;
  if (report !== undefined) rmSync(report, { force: true });
  const started = performance.now();
  let ok = true;
  for (const command of commands) ok = ok && (await runCommand(run, command));
  const seconds = (performance.now() - started) / 1000;
  const tests = report === undefined ? { passed: 0, failed: 0, failures: [] } : readReport(report);
  const note = report === undefined ? '' : `${tests.passed} tests passed, ${tests.failed} failed`;
  write(run, `${name} ${ok ? 'passed' : 'failed'} in ${seconds.toFixed(1)} s\n`);
  run.result = { name, ok, seconds, note, tests };
}

/** Resolves to whether the command succeeded. */
function runCommand(run, command) {
  return new Promise((resolve) => {
    const child = spawn(command, {
      shell: true,
      stdio: ['inherit', 'pipe', 'pipe'],
      env: {
        // Behind a pipe, a tool cannot see that its output ends at a terminal.
        ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
        ...process.env,
      },
    });
    child.stdout.on('data', (chunk) => write(run, chunk));
    child.stderr.on('data', (chunk) => write(run, chunk));
    child.on('error', (error) => write(run, `${error.message}\n`));
    child.on('close', (code) => resolve(code === 0));
  });
}

/** Shows what a step says, or keeps it until its turn comes. */
function write(run, chunk) {
  if (run === runs[shown]) process.stdout.write(chunk);
  else run.output.push(chunk);
}

/** Goes on to the first step that is not done, and shows what was kept of those on the way. */
function showDone() {
  while (runs[shown]?.result !== undefined) {
    shown += 1;
    const run = runs[shown];
    if (run === undefined) return;
    heading(run.step);
    for (const chunk of run.output.splice(0)) process.stdout.write(chunk);
  }
}

function heading({ name, about }) {
  const text = about === undefined ? name : `${name}: ${about}`;
  console.log(`\n=== ${text} ${'='.repeat(Math.max(3, 90 - text.length))}`);
}
