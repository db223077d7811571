import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runSchedule, type Schedule, schedules } from '../sim/history/arbitraries.ts';
import { frozenSchedules } from '../sim/history/frozen-schedules.ts';
import { mutants } from '../sim/history/mutants.ts';

describe('compaction under random schedules', () => {
  it('changes no answer at any readable time', () => {
    fc.assert(
      fc.property(schedules, (schedule) => void runSchedule(schedule)),
      { numRuns: 1500 },
    );
  });

  for (const [name, schedule] of Object.entries(frozenSchedules)) {
    it(name, () => {
      expect(() => runSchedule(schedule)).not.toThrow();
    });
  }
});

const examples = Object.values(frozenSchedules).map((schedule): [Schedule] => [schedule]);

describe('a broken rule is caught', () => {
  for (const [name, behaviour] of Object.entries(mutants)) {
    it(name, () => {
      const result = fc.check(
        fc.property(schedules, (schedule) => void runSchedule(schedule, behaviour)),
        { numRuns: 4000, seed: 20261122, endOnFailure: true, examples },
      );
      expect(result.failed).toBe(true);
    });
  }
});
