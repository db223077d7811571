/** Looks for a schedule that shows a fault: loaded from a copy of the code in which there is one. */
import fc from 'fast-check';
import { schedules } from './arbitraries.ts';
import { frozenSchedules } from './frozen-schedules.ts';
import { runSchedule } from './run-schedule.ts';
import type { Schedule } from './schedule.ts';

/** What was found, and after how many schedules. */
export interface Prey {
  readonly runs: number;
  readonly error: string;
}

/** Runs up to `runsMax` random schedules, after the kept ones if `isKeptFirst`; `undefined` if none shows a fault. */
export async function hunt(seed: number, runsMax: number, isKeptFirst: boolean): Promise<Prey | undefined> {
  const kept = Object.values(frozenSchedules).map((schedule): [Schedule] => [schedule]);
  const property = fc.asyncProperty(schedules, async (schedule) => void (await runSchedule(schedule)));
  const examples = isKeptFirst ? kept : [];
  const result = await fc.check(property, { numRuns: runsMax, seed, endOnFailure: true, examples });
  if (!result.failed) return undefined;
  const { errorInstance } = result;
  return {
    runs: result.numRuns,
    error: errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
  };
}
