/**
 * The command line of the simulation: `pnpm sim:history --runs 100000 --seed 1`.
 *
 *     --runs N     how many schedules, default 10,000     --mutants   break one rule after the other: each must be caught
 *     --seed S     what they are drawn from, default 1
 *
 * Exits with 1 if an answer differed from the model, or a mutant survived; the shortest schedule that shows it is printed.
 * With CLORTHO_TOTALS=FILE the totals go there as JSON, too.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { runSchedule, type Schedule, schedules } from './arbitraries.ts';
import { frozenSchedules } from './frozen-schedules.ts';
import { mutants } from './mutants.ts';
import type { Behaviour } from './world.ts';

/** Schedules between two lines that say how far it is. */
const CHUNK_RUNS = 5000;
/** A mutant that this many schedules do not show has survived. */
const MUTANT_RUNS_MAX = 40_000;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
  },
});
const runs = countOf('runs', values.runs);
const seed = countOf('seed', values.seed);
const examples = Object.values(frozenSchedules).map((schedule): [Schedule] => [schedule]);

process.exitCode = (values.mutants ? runMutants() : runAll()) ? 0 : 1;

function runAll(): boolean {
  const began = performance.now();
  let done = 0;
  let steps = 0;
  let answers = 0;
  const property = fc.property(schedules, (schedule) => {
    answers += runSchedule(schedule);
    steps += schedule.steps.length;
  });
  let failure: string | undefined;
  while (done < runs && failure === undefined) {
    const numRuns = Math.min(CHUNK_RUNS, runs - done);
    // Every chunk is drawn from a seed of its own, so that it can be run again alone.
    const result = fc.check(property, { numRuns, seed: seed + done, ...(done === 0 ? { examples } : {}) });
    if (result.failed) failure = fc.defaultReportMessage(result) ?? 'failed';
    done += result.numRuns;
    if (failure === undefined && done < runs) say(`${done} of ${runs} schedules, 0 failed`);
  }
  if (failure !== undefined) process.stderr.write(`${failure}\n`);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const failed = failure === undefined ? 0 : 1;
  say(
    `${done} schedules from seed ${seed}: ${steps} steps, ${answers} answers compared, ${failed} failed (${seconds} s)`,
  );
  report(done - failed, failed);
  return failed === 0;
}

function runMutants(): boolean {
  const names = Object.keys(mutants);
  let survived = 0;
  for (const [name, behaviour] of Object.entries(mutants)) {
    const caught = runsToCatch(behaviour);
    if (caught === undefined) survived += 1;
    say(`${caught === undefined ? 'SURVIVED' : `caught after ${caught}`.padEnd(18)} ${name}`);
  }
  say(`${names.length - survived} of ${names.length} mutants caught, from seed ${seed}`);
  report(names.length - survived, survived);
  return survived === 0;
}

function runsToCatch(behaviour: Behaviour): number | undefined {
  const property = fc.property(schedules, (schedule) => void runSchedule(schedule, behaviour));
  const { failed, numRuns } = fc.check(property, { numRuns: MUTANT_RUNS_MAX, seed, endOnFailure: true });
  return failed ? numRuns : undefined;
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
