/** Some schedules of the simulation of history; `pnpm sim:history` runs as many as it is told. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedules } from '../sim/history/arbitraries.ts';
import { frozenSchedules } from '../sim/history/frozen-schedules.ts';
import { MUTANTS, mutatedFiles } from '../sim/history/mutants.ts';
import { runSchedule } from '../sim/history/run-schedule.ts';

/** The compiled simulation: a mutant is a copy of it. */
const MAIN = fileURLToPath(new URL('../.run/sim/sim/history/main.js', import.meta.url));

describe('compaction under random schedules', () => {
  it('changes no answer at any readable time', async () => {
    const done = { committed: 0, partial: 0, refused: 0, lost: 0, beside: 0, answers: 0 };
    await fc.assert(
      fc.asyncProperty(schedules, async (schedule) => {
        const counts = await runSchedule(schedule);
        for (const name of Object.keys(done) as (keyof typeof done)[]) done[name] += counts[name];
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(...Object.values(done))).toBeGreaterThan(0);
  }, 120_000);

  for (const [name, schedule] of Object.entries(frozenSchedules)) {
    it(name, async () => {
      expect((await runSchedule(schedule)).answers).toBeGreaterThan(0);
    });
  }
});

it.each(MUTANTS)('the code has one place for each edit of: $name', (mutant) => {
  const compiled = join(dirname(MAIN), '..', '..');
  expect(mutatedFiles(compiled, mutant).size).toBeGreaterThan(0);
});

it('a broken rule is caught, whichever it is', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--mutants']);
  expect(stdout).toContain(`${MUTANTS.length} of ${MUTANTS.length} mutants caught`);
}, 240_000);
