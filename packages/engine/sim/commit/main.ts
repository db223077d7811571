/**
 * The command line of the simulation: `pnpm sim:commit --runs 50000 --seed 1`.
 *
 *     --runs N     how many seeds, default 1,000          --mutants   break one rule after the other: each must be caught
 *     --seed S     the first seed, default 1              --only T    only mutants with this text in their name
 *     --jobs N     processes, default one per core
 *     --json       the figures as one line of JSON
 *
 * Exits with 1 if a promise was broken, or a mutant survived. With CLORTHO_TOTALS=FILE the totals go there as JSON, too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runFleet } from './fleet.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { mutatedCopy } from './mutated-copy.ts';
import { type Counts, NO_COUNTS, type RunResult } from './run-seed.ts';

const PROGRESS_RUNS = 500;
const SHOWN_MAX = 10;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const compiled = dirname(here);
const packages = join(compiled, '..', '..', '..');
const seed = countOf('seed', values.seed);
const jobs = countOf('jobs', values.jobs);

process.exitCode = (await (values.mutants ? runMutants() : runAll(countOf('runs', values.runs)))) ? 0 : 1;

async function runAll(runs: number): Promise<boolean> {
  const began = performance.now();
  const figures = { runs: 0, broken: 0 };
  let counts: Counts = NO_COUNTS;
  const onResult = (result: RunResult): boolean => {
    figures.runs += 1;
    counts = sumOf(counts, result.counts);
    if (result.problems.length > 0) {
      figures.broken += 1;
      if (figures.broken <= SHOWN_MAX) show(result);
    }
    if (!values.json && figures.runs % PROGRESS_RUNS === 0)
      say(`${figures.runs} of ${runs} runs, ${figures.broken} failed`);
    return true;
  };
  await runFleet({ worker: join(here, 'worker.js'), first: seed, count: runs, jobs, onResult });
  const seconds = (performance.now() - began) / 1000;
  if (values.json) say(JSON.stringify({ seed, seconds, ...figures, ...counts }));
  else {
    say(
      Object.entries(counts)
        .map(([what, count]) => `${what} ${count}`)
        .join(', '),
    );
    say(`${runs} runs from seed ${seed}: ${figures.broken} broke a promise (${seconds.toFixed(0)} s)`);
  }
  const totals = process.env['CLORTHO_TOTALS'];
  if (totals !== undefined) {
    writeFileSync(totals, JSON.stringify({ passed: figures.runs - figures.broken, failed: figures.broken }));
  }
  return figures.broken === 0;
}

async function runMutants(): Promise<boolean> {
  const caught: { readonly name: string; readonly runs: number | undefined; readonly runsMax: number }[] = [];
  const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
  for (const mutant of chosen) {
    const runs = await runsToCatch(mutant);
    caught.push({ name: mutant.name, runs, runsMax: mutant.runsMax });
    if (!values.json)
      say(`${runs === undefined ? 'SURVIVED' : `caught after ${runs}`.padEnd(18)} ${mutant.name}`);
  }
  const survived = caught.filter(({ runs }) => runs === undefined).length;
  if (values.json) say(JSON.stringify({ seed, caught }));
  else say(`${chosen.length - survived} of ${chosen.length} mutants caught, from seed ${seed}`);
  return survived === 0;
}

/** Returns after how many runs a mutant was caught; `undefined` if it survived. */
async function runsToCatch(mutant: Mutant): Promise<number | undefined> {
  const copy = mutatedCopy(packages, compiled, join(compiled, '..', 'mutant'), mutant);
  const worker = join(copy, 'commit', 'worker.js');
  let runs = 0;
  let isCaught = false;
  const onResult = ({ problems }: RunResult): boolean => {
    runs += 1;
    if (problems.length > 0 && !isCaught && values.only !== '') say(problems.join('\n'));
    isCaught ||= problems.length > 0;
    return !isCaught;
  };
  await runFleet({ worker, first: seed, count: mutant.runsMax, jobs, onResult });
  return isCaught ? runs : undefined;
}

function sumOf(left: Counts, right: Counts): Counts {
  const sums = Object.entries(left).map(([what, count]) => [what, count + right[what as keyof Counts]]);
  return Object.fromEntries(sums) as Counts;
}

function show({ seed: failed, problems, trace }: RunResult): void {
  const folder = join(compiled, '..', 'failed');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${failed}.txt`), `${problems.join('\n')}\n\n${trace}\n`);
  process.stderr.write(`seed ${failed}: ${problems.slice(0, 3).join('\n    ')}\n`);
  process.stderr.write(
    `    its trace is in ${join(folder, `${failed}.txt`)}; again: pnpm sim:commit --runs 1 --seed ${failed}\n`,
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function countOf(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  process.stderr.write(`--${name} is a count: ${text}\n`);
  process.exit(2);
}
