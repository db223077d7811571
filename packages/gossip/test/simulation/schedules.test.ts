import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedCluster } from '../../src/simulation/simulated-cluster.ts';
import { FOUND } from '../support/found-schedules.ts';
import { runSchedule, schedules } from '../support/schedule.ts';

test('after whatever happened, members that can reach each other agree', () => {
  fc.assert(
    fc.property(schedules, (schedule) => {
      expect(runSchedule(SimulatedCluster, schedule)).toEqual([]);
    }),
    { numRuns: Number(process.env['GOSSIP_RUNS'] ?? 40) },
  );
});

test.for(Object.entries(FOUND))('%s', ([, schedule]) => {
  expect(runSchedule(SimulatedCluster, schedule)).toEqual([]);
});
