/**
 * Uses every publishable package the way a stranger would: alone, from the tarball that would be published.
 *
 *     pack -+-> publint, attw
 *           +-> install, each in a project of its own -> run the README's first ```js example there
 *           +-> npm install, all of them in one project
 *
 * The projects lie in a temporary directory outside the workspace; all but the tarballs comes from the registry. The
 * projects of single packages are installed by pnpm without hoisting: a package finds there what it declares and
 * nothing else, while npm would put what its siblings need within its reach. An example may import the package and
 * what that declares; it passes when it exits with 0 within a minute and prints something.
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
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemKindInfo } from '@arethetypeswrong/core/problems';

const execute = promisify(execFile);

const EXAMPLE = /^```js\n([\s\S]*?)^```$/m;
const EXAMPLE_MS_MAX = 60_000;
/** A package that is ESM only has no types for those who cannot import it. */
const RESOLUTIONS_IGNORED = ['node10', 'node16-cjs'];
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
  const alone = installAlone();
  // A failure is reported by every package; until one waits for it, it must not count as unhandled.
  alone.catch(() => undefined);
  await Promise.all([
    report('all of them together', installTogether),
    inParallel(chosen, (one) => report(one.fields.name, () => use(one, alone))),
  ]);
} finally {
  rmSync(workshop, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

async function report(name, check) {
  try {
    console.log(`ok      ${name}: ${await check()}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${reasonOf(error)}`);
  }
}

/** Packs into a folder of its own, so that nobody has to guess the name of the file. */
async function pack(one) {
  const destination = join(workshop, 'tarballs', one.name);
  mkdirSync(destination, { recursive: true });
  await execute('pnpm', ['pack', '--pack-destination', destination], { cwd: one.folder });
  one.tarball = join(destination, readdirSync(destination)[0]);
  const { stdout } = await execute('tar', ['-xzOf', one.tarball, 'package/package.json']);
  one.published = JSON.parse(stdout);
}

/** Checks the tarball and runs its example where `alone` has installed it; returns what to report. */
async function use(one, alone) {
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
  await checkTypes(one);
  await alone;
  for (const example of examples) await runExample(projectOf(one), example);
  return `${files.length} files, ${examples.length === 1 ? 'its example runs' : 'its examples run'}`;
}

/** What `attw --profile esm-only` checks: in this process, because loading its compiler takes longer than its work. */
async function checkTypes({ tarball }) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
  if (analysis.types === false) throw new Error('the tarball has no types');
  const problems = analysis.problems.filter(
    ({ resolutionKind }) => !RESOLUTIONS_IGNORED.includes(resolutionKind),
  );
  if (problems.length === 0) return;
  const lines = problems.map(
    (problem) => `${problemKindInfo[problem.kind].title}: ${JSON.stringify(problem)}`,
  );
  throw new Error(`the types are wrong\n${lines.join('\n')}`);
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

function projectOf({ name }) {
  return join(workshop, 'alone', name);
}

/** Installs each of the chosen packages in a project of its own. */
async function installAlone() {
  for (const one of chosen) {
    const { dependencies } = one.published;
    writeProject(projectOf(one), { ...dependencies, [one.fields.name]: `file:${one.tarball}` });
  }
  // What a tarball names of its siblings is not published yet.
  const overrides = Object.fromEntries([...packages].map(([name, { tarball }]) => [name, `file:${tarball}`]));
  const settings = { packages: ['*'], hoist: false, overrides };
  // JSON is YAML.
  writeFileSync(join(workshop, 'alone', 'pnpm-workspace.yaml'), JSON.stringify(settings));
  // No scripts: an example must run with what the tarballs hold.
  const options = ['--ignore-scripts', '--prefer-offline', '--no-frozen-lockfile', '--reporter=append-only'];
  await execute('pnpm', ['install', ...options], { cwd: join(workshop, 'alone') });
}

/** Installs all tarballs in one project, as npm lays them out; returns what to report. */
async function installTogether() {
  const project = join(workshop, 'together');
  writeProject(
    project,
    Object.fromEntries([...packages].map(([name, { tarball }]) => [name, `file:${tarball}`])),
  );
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await execute('npm', ['install', ...quiet], { cwd: project });
  return 'npm installs them';
}

function writeProject(folder, dependencies) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
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
