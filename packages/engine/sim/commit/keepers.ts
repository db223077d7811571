/** What keepers do: compact, collect garbage and split shards, over and over, while others write. */
import { compareBytes, encodeUtf8, isClorthoError, randomFraction } from '@clortho/base';
import type { Store } from '@clortho/engine';
import type { Session, World } from './world.ts';

/** What is left to do, over all lives and all who share it. */
export interface Task {
  left: number;
}

/** How often each of these came to its end. */
export interface Rounds {
  passes: number;
  compactions: number;
  splits: number;
}

/** How a keeper goes about it. */
export interface Pace {
  /** How many of its rounds compact; the others collect. */
  readonly compactShare: number;
  /** How many of its rounds split a shard instead, as long as there are keys to split at. */
  readonly splitShare: number;
  readonly pauseMsMax: number;
}

/** Keeps the store in order until nothing of the task is left. */
export async function keep(
  { random, splitKeys, watch }: World,
  { store, process }: Session,
  task: Task,
  rounds: Rounds,
  { compactShare, pauseMsMax, splitShare }: Pace,
): Promise<void> {
  while (task.left > 0 && !process.crashed) {
    task.left -= 1;
    await process.clock.sleep(randomFraction(random) * pauseMsMax);
    try {
      const splitKey = randomFraction(random) < splitShare ? splitKeys.pop() : undefined;
      if (splitKey !== undefined) {
        await process.fence(splitAt(store, splitKey));
        rounds.splits += 1;
      } else if (randomFraction(random) < compactShare) {
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

/** Splits the shard of a key there, unless a shard begins with it, or another process is faster. */
async function splitAt(store: Store, text: string): Promise<void> {
  const key = encodeUtf8(text);
  const { shards } = await store.stats();
  const shard = shards.findLast(({ lower }) => compareBytes(lower, key) <= 0);
  if (shard === undefined || compareBytes(shard.lower, key) === 0) return;
  try {
    await store.splitShard(shard.shard, key);
  } catch (error) {
    // The view was old: the shard had been split before.
    if (!isClorthoError(error, 'CLORTHO_INVALID')) throw error;
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
