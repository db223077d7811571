import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedCluster } from '../../src/simulation/simulated-cluster.ts';
import { FOUND } from '../support/found-schedules.ts';
import { MUTANTS, mutatedCluster } from '../support/mutants.ts';
import { believesTheDead } from '../support/revival.ts';
import { runSchedule, schedules } from '../support/schedule.ts';

const RUNS_MAX = 100;

test.for(MUTANTS)('schedules show it: $name', async (mutant) => {
  const Cluster = await mutatedCluster(mutant);
  const drawn = [...Object.values(FOUND), ...fc.sample(schedules, { seed: 11, numRuns: RUNS_MAX })];
  const caught = drawn.findIndex((schedule) => runSchedule(Cluster, schedule).length > 0);
  expect(caught).toBeGreaterThanOrEqual(0);
});

test('a claim out of an exchange revives nobody who does not answer', () => {
  expect(believesTheDead(SimulatedCluster)).toBe(false);
});

test('a claim out of an exchange that is believed without an answer is seen', async () => {
  const Cluster = await mutatedCluster({
    name: 'a claim that somebody lives is believed without an answer',
    file: 'core/membership.js',
    find: 'if (known.item.status >= DEAD)\n                this.#claim(slot, item);',
    replace: 'if (false)\n                this.#claim(slot, item);',
  });
  expect(believesTheDead(Cluster)).toBe(true);
});
