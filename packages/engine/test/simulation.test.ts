/** A few runs of the simulation of the commit protocol; `pnpm sim:commit` runs thousands. */
import { describe, expect, it } from 'vitest';
import { runSeed } from '../sim/commit/run-seed.ts';

const FIRST = 1;
const RUNS = 24;

describe('the commit protocol under faults', () => {
  it.each(Array.from({ length: RUNS }, (_, run) => FIRST + run))(
    'keeps its promises with seed %i',
    async (seed) => {
      const { problems } = await runSeed(seed);
      expect(problems).toEqual([]);
    },
  );
});
