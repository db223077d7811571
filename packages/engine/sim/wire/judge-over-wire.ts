/** Judging a run over real sockets: its history against the store's own past, and what is left in the bucket. */
import { isDeepStrictEqual } from 'node:util';
import type { Store } from '@clortho/engine';
import type { Attempt } from '../commit/attempt.ts';
import { judge, readPastOf, type ShardOf } from '../commit/judge.ts';
import { type ShiftedClock, shiftedClock } from './shifted-clock.ts';
import { KEYS, openDirectly, type WireWorld } from './wire-world.ts';

/** Longer than the lease of a session of pins. */
const LEAP_MS = 65_000;

/** Returns what is wrong, each in a line; nothing if all promises were kept. */
export async function judgeOverWire(
  world: WireWorld,
  history: readonly Attempt[],
  shardOf: ShardOf,
): Promise<string[]> {
  const clock = shiftedClock(world.clock, 0);
  const store = await openDirectly(world, clock, { create: 'never' });
  try {
    const past = await readPastOf(store, KEYS);
    const problems = judge(history, past, shardOf);
    const orphans = await orphansLeft(store, clock);
    if (orphans > 0) problems.push(`${orphans} orphans survive the passes of garbage collection`);
    const again = await openDirectly(world, clock, { create: 'never' });
    if (!isDeepStrictEqual(await readPastOf(again, KEYS), past))
      problems.push('garbage collection changed the past');
    await again.close();
    return problems;
  } finally {
    await store.close();
  }
}

/** Pins of processes that crashed run out at the second pass; two more, and nothing unreferenced is left. */
async function orphansLeft(store: Store, clock: ShiftedClock): Promise<number> {
  for (let pass = 0; pass < 4; pass += 1) {
    await store.gc();
    clock.leap(LEAP_MS);
  }
  return (await store.gc()).objectsWaiting;
}
