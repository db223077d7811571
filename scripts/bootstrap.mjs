/**
 * From a clean clone to a running program with nothing but Node and npm: `npm start` and `npm test` run this.
 *
 * The first pass checks the runtime and starts itself again under `npx`, which puts the pinned pnpm on PATH for
 * everything below it. The second pass installs the dependencies, then builds and runs the demo, runs the checks
 * (which build), or only builds.
 * Nothing is installed globally; a second run finds everything in place and takes seconds.
 *
 *     node scripts/bootstrap.mjs demo|check|build [arguments]
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MIN = [20, 19];
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const INSIDE = 'CLORTHO_BOOTSTRAP';

const [goal, ...rest] = process.argv.slice(2);
if (!['demo', 'check', 'build'].includes(goal))
  fail('usage: node scripts/bootstrap.mjs demo|check|build [arguments]');
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  fail(`node ${process.versions.node} is too old: ${NODE_MIN.join('.')} or later is needed`);
}

if (process.env[INSIDE] === undefined) {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  say(`fetching ${packageManager} through npx, unless it is cached`);
  const again = ['node', join('scripts', 'bootstrap.mjs'), goal, ...rest];
  run('npx', ['--yes', `--package=${packageManager}`, '--', ...again], { [INSIDE]: '1' });
} else {
  say('installing the dependencies of the workspace');
  run('pnpm', ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'], { CI: 'true' });
  if (goal === 'check') {
    say('building and running every check');
    run('node', [join('scripts', 'check.mjs'), ...rest]);
  } else {
    // The demo needs the command line tool and what it stands on, nothing else.
    const filter = goal === 'demo' ? ['--filter=@clortho/cli...'] : [];
    say('building');
    run('pnpm', ['exec', 'turbo', 'run', 'build', '--output-logs=errors-only', ...filter], {
      TURBO_TELEMETRY_DISABLED: '1',
    });
  }
  if (goal === 'demo') {
    say('running the demo');
    run('node', [join('packages', 'cli', 'dist', 'bin.js'), 'demo', ...rest]);
  }
}

/** Runs a command from the root of the workspace with its output shown; ends this process if it fails. */
function run(command, parameters, environment = {}) {
  const { status, signal, error } = spawnSync(command, parameters, {
    cwd: ROOT,
    stdio: 'inherit',
    // On Windows npx and pnpm are scripts, which only a shell can start.
    shell: process.platform === 'win32',
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) fail(`${command} did not start: ${error.message}`);
  if (signal !== null) fail(`${command} was ended by ${signal}`);
  if (status !== 0) process.exit(status);
}

function say(text) {
  console.log(`clortho: ${text}`);
}

function fail(text) {
  console.error(`clortho: ${text}`);
  process.exit(1);
}
