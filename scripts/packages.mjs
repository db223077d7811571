/**
 * Uses every publishable package the way a stranger would: alone, from the tarball that would be published.
 *
 *     pack -> publint, attw -> npm install in an empty project -> run the README's first ```js example
 *
 * The empty project lies in a temporary directory outside the workspace and gets the tarballs of the package and
 * of the workspace packages it depends on; all else comes from the registry. An example passes when it exits with
 * 0 within a minute and prints something.
 *
 *     node scripts/packages.mjs [name …]          default: all; the packages must be built
 */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const EXAMPLE = /^```js\n([\s\S]*?)^```$/m;
const EXAMPLE_MS_MAX = 60_000;
const SHIPPED = /^package\/(?:dist\/|src\/|package\.json$|README\.md$|FORMAT\.md$|LICENSE$)/;

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const packages = new Map();
for (const name of readdirSync('packages')) {
  const fields = JSON.parse(readFileSync(join('packages', name, 'package.json'), 'utf8'));
  if (fields.private !== true) packages.set(fields.name, { name, folder: join('packages', name), fields });
}
const wanted = process.argv.slice(2);
const chosen = [...packages.values()].filter(({ name }) => wanted.length === 0 || wanted.includes(name));

const workshop = mkdtempSync(join(tmpdir(), 'clortho-packages-'));
let failed = 0;
try {
  await inParallel([...packages.values()], pack);
  await inParallel(chosen, async (one) => {
    try {
      console.log(`ok      ${one.fields.name}: ${await use(one)}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${one.fields.name}: ${reasonOf(error)}`);
    }
  });
} finally {
  rmSync(workshop, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

/** Packs into a folder of its own, so that nobody has to guess the name of the file. */
async function pack(one) {
  const destination = join(workshop, 'tarballs', one.name);
  mkdirSync(destination, { recursive: true });
  await execute('pnpm', ['pack', '--pack-destination', destination], { cwd: one.folder });
  one.tarball = join(destination, readdirSync(destination)[0]);
}

/** Checks the tarball, installs it and runs its example; returns what to report. */
async function use(one) {
  const examples = [exampleOf(join(one.folder, 'README.md'))];
  // The front page shows the engine, so its example belongs to the engine's tarball.
  if (one.name === 'engine') examples.push(exampleOf('README.md'));
  const { stdout: listing } = await execute('tar', ['-tzf', one.tarball]);
  const files = listing.trim().split('\n');
  const strays = files.filter((file) => !SHIPPED.test(file));
  if (strays.length > 0) throw new Error(`the tarball has files that nobody needs: ${strays.join(', ')}`);
  for (const needed of ['package/LICENSE', 'package/README.md', 'package/dist/index.js']) {
    if (!files.includes(needed)) throw new Error(`the tarball lacks ${needed}`);
  }
  await execute(join('node_modules', '.bin', 'publint'), ['run', one.tarball, '--strict']);
  await execute(join('node_modules', '.bin', 'attw'), [one.tarball, '--profile', 'esm-only', '--no-emoji']);
  const project = await install(one);
  for (const example of examples) await runExample(project, example);
  return `${files.length} files, ${examples.length === 1 ? 'its example runs' : 'its examples run'}`;
}

function exampleOf(readme) {
  if (!existsSync(readme)) throw new Error(`there is no ${readme}`);
  const code = EXAMPLE.exec(readFileSync(readme, 'utf8'))?.[1];
  if (code === undefined) throw new Error(`${readme} has no \`\`\`js example`);
  return { readme, code };
}

async function runExample(project, { readme, code }) {
  writeFileSync(join(project, 'example.mjs'), code);
  const { stdout } = await execute(process.execPath, ['example.mjs'], {
    cwd: project,
    timeout: EXAMPLE_MS_MAX,
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  });
  if (stdout.trim() === '') throw new Error(`the example of ${readme} prints nothing`);
}

async function install(one) {
  const project = join(workshop, 'projects', one.name);
  mkdirSync(project, { recursive: true });
  const dependencies = Object.fromEntries(
    [...closureOf(one)].map((each) => [each.fields.name, `file:${each.tarball}`]),
  );
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  // No scripts: an example must run with what the tarballs hold.
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await execute('npm', ['install', ...quiet], { cwd: project });
  return project;
}

/** Returns the package and every workspace package it depends on, directly or not. */
function closureOf(one, seen = new Set()) {
  if (seen.has(one)) return seen;
  seen.add(one);
  for (const name of Object.keys({ ...one.fields.dependencies, ...one.fields.optionalDependencies })) {
    const sibling = packages.get(name);
    if (sibling !== undefined) closureOf(sibling, seen);
  }
  return seen;
}

async function inParallel(items, task) {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
}

function reasonOf(error) {
  const output = [error.stdout, error.stderr].filter((text) => text?.trim()).join('\n');
  return output === ''
    ? error.message
    : `${error.message.split('\n')[0]}\n${output.replace(/^/gm, '        ')}`;
}
