/** Random schedules for the world, as plain data. */
import fc from 'fast-check';
import { type Behaviour, World, type WorldStep } from './world.ts';

/** Mostly one key: its versions pile up. */
const key = fc.constantFrom(0, 0, 0, 1, 2);
const kind = fc.constantFrom(
  'put' as const,
  'put' as const,
  'del' as const,
  'merge' as const,
  'merge' as const,
);

const step: fc.Arbitrary<WorldStep> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant('commit' as const),
      gap: fc.nat({ max: 2 }),
      range: fc.option(fc.tuple(key, key), { nil: undefined, freq: 5 }),
      rows: fc.array(fc.tuple(key, kind), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('mergeDelta' as const),
      first: fc.nat({ max: 7 }),
      count: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('mergeBase' as const),
      count: fc.nat({ max: 5 }),
      keys: fc.option(fc.tuple(key, key), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'mergeHistory' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'dropHistory' as const }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('horizon' as const), step: fc.nat({ max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pin' as const), at: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('unpin' as const), index: fc.nat({ max: 3 }) }) },
);

/** What happens to one family of files. */
export interface Schedule {
  /** Microseconds that a row lives; for ever if absent. */
  readonly ttl: number | undefined;
  readonly steps: readonly WorldStep[];
}

/** All schedules. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  ttl: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 2 }),
  steps: fc.array(step, { minLength: 4, maxLength: 24 }),
});

/** Runs a schedule, checks every answer after every step and returns how many; throws at the first that differs. */
export function runSchedule(schedule: Schedule, behaviour?: Behaviour): number {
  let answers = 0;
  const world = new World(schedule.ttl, behaviour);
  for (const [index, next] of schedule.steps.entries()) {
    world.apply(next);
    try {
      answers += world.check();
    } catch (cause) {
      throw new Error(`after step ${index} ${JSON.stringify(next)}: ${(cause as Error).message}`, { cause });
    }
  }
  return answers;
}
