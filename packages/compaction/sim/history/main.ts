/**
 * The command line of the simulation: `pnpm sim:history --runs 100000 --seed 1`.
 *
 *     --runs N     how many schedules, default 10,000     --mutants   break one rule after the other: each must be caught
 *     --seed S     what they are drawn from, default 1    --only T    only mutants with this text in their name
 *                                                         --random    hunt them without the kept schedules
 *
 * Exits with 1 if an answer differed from the model, or a mutant survived; the shortest schedule that shows it is printed.
 * With CLORTHO_TOTALS=FILE the totals go there as JSON, too.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { schedules } from './arbitraries.ts';
import { frozenSchedules } from './frozen-schedules.ts';
import type { hunt } from './hunt.ts';
import { MUTANTS, type Mutant, mutatedCopy } from './mutants.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';

/** Schedules between two lines that say how far it is. */
const CHUNK_RUNS = 5000;
/** A mutant that this many schedules do not show has survived. */
const MUTANT_RUNS_MAX = 20_000;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    random: { type: 'boolean', default: false },
  },
});
const runs = countOf('runs', values.runs);
const seed = countOf('seed', values.seed);
const examples = Object.values(frozenSchedules).map((schedule): [Schedule] => [schedule]);

process.exitCode = (await (values.mutants ? runMutants() : runAll())) ? 0 : 1;

async function runAll(): Promise<boolean> {
  const began = performance.now();
  let done = 0;
  let steps = 0;
  let answers = 0;
  const jobs = { committed: 0, partial: 0, moves: 0, refused: 0, lost: 0, beside: 0 };
  const property = fc.asyncProperty(schedules, async (schedule) => {
    const counts = await runSchedule(schedule);
    answers += counts.answers;
    steps += schedule.steps.length;
    for (const name of Object.keys(jobs) as (keyof typeof jobs)[]) jobs[name] += counts[name];
  });
  let failure: string | undefined;
  while (done < runs && failure === undefined) {
    const numRuns = Math.min(CHUNK_RUNS, runs - done);
    // Every chunk is drawn from a seed of its own, so that it can be run again alone.
    const result = await fc.check(property, {
      numRuns,
      seed: seed + done,
      ...(done === 0 ? { examples } : {}),
    });
    if (result.failed) failure = `${fc.defaultReportMessage(result)}\n${textOf(result.errorInstance)}`;
    done += result.numRuns;
    if (failure === undefined && done < runs) say(`${done} of ${runs} schedules, 0 failed`);
  }
  if (failure !== undefined) process.stderr.write(`${failure}\n`);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const failed = failure === undefined ? 0 : 1;
  say(
    `${done} schedules from seed ${seed}: ${steps} steps, ${answers} answers compared, ${failed} failed (${seconds} s)`,
  );
  say(
    `${jobs.committed} jobs committed, ${jobs.partial} of them of a range of keys, ${jobs.moves} moves, ${jobs.beside} begun beside others, ${jobs.refused} refused, ${jobs.lost} lost`,
  );
  report(done - failed, failed);
  return failed === 0;
}

async function runMutants(): Promise<boolean> {
  const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
  let survived = 0;
  for (const mutant of chosen) {
    const prey = await preyOf(mutant, MUTANTS.indexOf(mutant));
    if (prey === undefined) survived += 1;
    say(`${prey === undefined ? 'SURVIVED' : `caught after ${prey.runs}`.padEnd(18)} ${mutant.name}`);
    if (prey !== undefined && values.only !== '') say(`    ${prey.error}`);
  }
  say(`${chosen.length - survived} of ${chosen.length} mutants caught, from seed ${seed}`);
  report(chosen.length - survived, survived);
  return survived === 0;
}

/** Hunts a mutant in a copy of its own. */
async function preyOf(mutant: Mutant, index: number): Promise<Awaited<ReturnType<typeof hunt>>> {
  const compiled = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const path = mutatedCopy(compiled, join(compiled, '..', 'mutant', String(index)), mutant);
  const copy = (await import(pathToFileURL(path).href)) as { readonly hunt: typeof hunt };
  return copy.hunt(seed, MUTANT_RUNS_MAX, !values.random);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
  return process.exit(2);
}
