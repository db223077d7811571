/** A few runs of the simulation of leases; `pnpm sim:lease` runs thousands. */
import { expect, it } from 'vitest';
import { runSeed } from '../sim/lease/run-seed.ts';

const FIRST = 1;
const RUNS = 24;

it.each(Array.from({ length: RUNS }, (_, run) => FIRST + run))(
  'keeps its promises with seed %i',
  async (seed) => {
    const { problems } = await runSeed(seed);
    expect(problems).toEqual([]);
  },
);
