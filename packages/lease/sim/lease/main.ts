/**
 * The command line of the simulation: `pnpm sim:lease --runs 100000 --seed 1`.
 *
 *     --runs N     how many seeds, default 1,000          --mutants   break one rule after the other: each must be caught
 *     --seed S     the first seed, default 1              --jobs N    processes, default one per core
 *
 * Exits with 1 if a promise was broken, or a mutant survived. With CLORTHO_TOTALS=FILE the totals go there as JSON, too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runFleet } from './fleet.ts';
import { MUTANTS } from './mutants.ts';
import { mutatedCopy } from './mutated-copy.ts';
import type { RunResult } from './run-seed.ts';
import type { Figures } from './span.ts';

const PROGRESS_RUNS = 1000;
const SHOWN_MAX = 10;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    mutants: { type: 'boolean', default: false },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const compiled = dirname(here);
const packages = join(compiled, '..', '..', '..');
const first = countOf('seed', values.seed);
const jobs = countOf('jobs', values.jobs);

process.exitCode = (await (values.mutants ? runMutants() : runAll(countOf('runs', values.runs)))) ? 0 : 1;

async function runAll(count: number): Promise<boolean> {
  const began = performance.now();
  let shown = PROGRESS_RUNS;
  const onProgress = ({ runs, failures }: Figures): void => {
    if (runs < shown || runs === count) return;
    shown = runs + PROGRESS_RUNS;
    say(`${runs} of ${count} runs, ${failures.length} failed`);
  };
  const worker = join(here, 'worker.js');
  const figures = await runFleet({ worker, first, count, jobs, stopAtFailure: false, onProgress });
  const { runs, granted, written, crashes, failures } = figures;
  for (const failure of failures.slice(0, SHOWN_MAX)) show(failure);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(
    `${runs} runs from seed ${first}: ${granted} leases, ${written} guarded writes, ${crashes} crashes, ` +
      `${failures.length} runs broke a promise (${seconds} s)`,
  );
  const totals = process.env['CLORTHO_TOTALS'];
  if (totals !== undefined) {
    writeFileSync(totals, JSON.stringify({ passed: runs - failures.length, failed: failures.length }));
  }
  return failures.length === 0 && runs === count;
}

async function runMutants(): Promise<boolean> {
  let survived = 0;
  for (const mutant of MUTANTS) {
    const worker = mutatedCopy(packages, compiled, join(compiled, '..', 'mutant'), mutant);
    const { runs, failures } = await runFleet({
      worker,
      first,
      count: mutant.runsMax,
      jobs,
      stopAtFailure: true,
      onProgress: () => undefined,
    });
    const [caught] = failures;
    if (caught === undefined) survived += 1;
    const outcome = caught === undefined ? 'SURVIVED' : `caught within ${runs}`;
    say(`${outcome.padEnd(20)} ${mutant.name}${caught === undefined ? '' : `: ${caught.problems[0] ?? ''}`}`);
  }
  say(`${MUTANTS.length - survived} of ${MUTANTS.length} mutants caught, from seed ${first}`);
  return survived === 0;
}

function show({ seed, problems, trace }: RunResult): void {
  const folder = join(compiled, '..', 'failed');
  const file = join(folder, `${seed}.txt`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${problems.join('\n')}\n\n${trace}\n`);
  process.stderr.write(`seed ${seed}: ${problems.slice(0, 3).join('\n    ')}\n`);
  process.stderr.write(`    its trace is in ${file}; again: pnpm sim:lease --runs 1 --seed ${seed}\n`);
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
