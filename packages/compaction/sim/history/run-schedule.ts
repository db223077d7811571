/** Runs a schedule and judges the world after every step. */
import type { JobCounts } from './compactor.ts';
import type { Schedule } from './schedule.ts';
import { World } from './world.ts';

/** What a run came to. */
export interface RunCounts extends JobCounts {
  readonly answers: number;
}

/** Runs a schedule, then ends what was begun. Throws at the first answer that differs from the model's. */
export async function runSchedule({ setting, steps }: Schedule): Promise<RunCounts> {
  const world = new World(setting);
  let answers = 0;
  for (const [index, step] of steps.entries()) {
    try {
      await world.apply(step);
      answers += world.check(false);
    } catch (cause) {
      throw new Error(`at step ${index} ${JSON.stringify(step)}: ${messageOf(cause)}`, { cause });
    }
  }
  try {
    await world.settle();
    answers += world.check(true);
  } catch (cause) {
    throw new Error(`after all jobs: ${messageOf(cause)}`, { cause });
  }
  return { ...world.counts, answers };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
