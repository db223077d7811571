/** A few runs of the simulation of the commit protocol; `pnpm sim:commit` runs thousands. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../sim/commit/mutants.ts';
import { mutatedFiles } from '../sim/commit/mutated-copy.ts';
import { runSeed } from '../sim/commit/run-seed.ts';

const FIRST = 1;
const RUNS = 24;
const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));

describe('the commit protocol under faults', () => {
  it.each(Array.from({ length: RUNS }, (_, run) => FIRST + run))(
    'keeps its promises with seed %i',
    async (seed) => {
      const { problems } = await runSeed(seed);
      expect(problems).toEqual([]);
    },
  );
});

it.each(MUTANTS)('the code has one place for each edit of: $name', (mutant) => {
  expect(mutatedFiles(PACKAGES, mutant).size).toBeGreaterThan(0);
});
