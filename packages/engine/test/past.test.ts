/** Some runs of the store beside the model; `pnpm sim:past` does as many as it is told. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { mutatedFiles } from '../sim/commit/mutated-copy.ts';
import { PAST_MUTANTS } from '../sim/past/mutants.ts';
import { runPast } from '../sim/past/run-past.ts';

/** The compiled runs: a mutant is a copy of them. */
const MAIN = fileURLToPath(new URL('../.run/sim/past/main.js', import.meta.url));
const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));
const RUNS = 40;

it('every way to read the past gives the answer of the model', async () => {
  for (let seed = 1; seed <= RUNS; seed += 1) expect(await runPast(seed), `seed ${seed}`).toBeUndefined();
}, 120_000);

it.each(PAST_MUTANTS)('the code has one place for each edit of: $name', (mutant) => {
  expect(mutatedFiles(PACKAGES, mutant).size).toBeGreaterThan(0);
});

it('a broken rule is caught, whichever it is', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--mutants']);
  expect(stdout).toContain(`${PAST_MUTANTS.length} of ${PAST_MUTANTS.length} mutants caught`);
}, 240_000);
