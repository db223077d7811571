/** What keepers do: compact and collect garbage, over and over, while others write. */
import { isClorthoError, randomFraction } from '@clortho/base';
import type { Session, World } from './world.ts';

/** What is left to do, over all lives and all who share it. */
export interface Task {
  left: number;
}

/** How often each of these came to its end. */
export interface Rounds {
  passes: number;
  compactions: number;
}

/** Keeps the store in order until nothing of the task is left. */
export async function keep(
  { random, scenario, watch }: World,
  { store, process }: Session,
  task: Task,
  rounds: Rounds,
): Promise<void> {
  while (task.left > 0 && !process.crashed) {
    task.left -= 1;
    await process.clock.sleep(randomFraction(random) * scenario.keeperPauseMsMax);
    try {
      if (randomFraction(random) < scenario.compactShare) {
        await process.fence(store.compact());
        rounds.compactions += 1;
      } else {
        const ended = watch.passBegins();
        await process.fence(store.gc().finally(ended));
        rounds.passes += 1;
      }
    } catch (error) {
      if (!isOfTheWire(error)) throw error;
    }
  }
}

/** Tells whether an error is one that faults of the wire explain. */
export function isOfTheWire(error: unknown): boolean {
  return (
    isClorthoError(error, 'CLORTHO_UNAVAILABLE') ||
    isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN') ||
    isClorthoError(error, 'CLORTHO_CONFLICT')
  );
}
