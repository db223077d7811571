/**
 * The command line: `pnpm sim:past --runs 1000 --seed 1`.
 *
 *     --runs N     how many seeds, default 500     --mutants   break one rule after the other: each must be caught
 *     --seed S     the first seed, default 1       --random    hunt them without the kept seeds
 *
 * Exits with 1 if an answer was not the model's, or a mutant survived. With CLORTHO_TOTALS=FILE the totals go there as
 * JSON, too.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Mutant } from '../commit/mutants/mutant.ts';
import { mutatedCopy } from '../commit/mutated-copy.ts';
import { KEPT_SEEDS, PAST_MUTANTS } from './mutants.ts';
import { runPast } from './run-past.ts';

const SHOWN_MAX = 5;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    random: { type: 'boolean', default: false },
  },
});
const compiled = join(dirname(fileURLToPath(import.meta.url)), '..');
const seed = countOf('seed', values.seed);

process.exitCode = (await (values.mutants ? runMutants() : runAll(countOf('runs', values.runs)))) ? 0 : 1;

async function runAll(runs: number): Promise<boolean> {
  const began = performance.now();
  let failed = 0;
  for (let run = 0; run < runs; run += 1) {
    const problem = await runPast(seed + run);
    if (problem === undefined) continue;
    failed += 1;
    if (failed <= SHOWN_MAX) process.stderr.write(`seed ${seed + run}: ${problem}\n`);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(`${runs} runs from seed ${seed}: ${failed} gave a wrong answer (${seconds} s)`);
  report(runs - failed, failed);
  return failed === 0;
}

async function runMutants(): Promise<boolean> {
  let caught = 0;
  for (const [index, mutant] of PAST_MUTANTS.entries()) {
    const runs = await runsToCatch(mutant, index);
    if (runs !== undefined) caught += 1;
    say(`${runs === undefined ? 'SURVIVED' : `caught after ${runs}`.padEnd(18)} ${mutant.name}`);
  }
  say(`${caught} of ${PAST_MUTANTS.length} mutants caught, from seed ${seed}`);
  report(caught, PAST_MUTANTS.length - caught);
  return caught === PAST_MUTANTS.length;
}

/** Returns after how many runs a mutant was caught, in a copy of its own; `undefined` if it survived. */
async function runsToCatch(mutant: Mutant, index: number): Promise<number | undefined> {
  const packages = join(compiled, '..', '..', '..');
  const copy = mutatedCopy(packages, compiled, join(compiled, '..', 'mutant-past', String(index)), mutant);
  const path = pathToFileURL(join(copy, 'past', 'run-past.js')).href;
  const mutated = (await import(path)) as { readonly runPast: typeof runPast };
  const kept = values.random ? [] : KEPT_SEEDS;
  for (let run = 0; run < kept.length + mutant.runsMax; run += 1)
    if ((await mutated.runPast(kept[run] ?? seed + run - kept.length)) !== undefined) return run + 1;
  return undefined;
}

function report(passed: number, failed: number): void {
  const totals = process.env['CLORTHO_TOTALS'];
  if (totals !== undefined) writeFileSync(totals, JSON.stringify({ passed, failed }));
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
