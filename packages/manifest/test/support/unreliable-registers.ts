/**
 * Registers behind a network that loses, delays and duplicates requests and replies.
 *
 * Invariants:
 * - What it reports as applied or refused is true. All else is an unknown outcome, or a certain failure.
 * - A request under way may arrive at any later moment, also after its sender gave up.
 */
import { ClorthoError, type Random, randomBelow } from '@clortho/base';
import type { RegisterChange, RegisterStore, SwapResult } from '@clortho/registers';

/** See the module. */
export interface UnreliableRegisters extends RegisterStore {
  /** The changes of every swap that was applied, in order. */
  readonly applied: readonly (readonly RegisterChange[])[];
  /** Lets what is still under way arrive. */
  flush(): Promise<void>;
  /** How often replies were lost. */
  readonly repliesLost: number;
}

/** Returns `store` behind such a network. */
export function unreliableRegisters(store: RegisterStore, random: Random): UnreliableRegisters {
  const applied: (readonly RegisterChange[])[] = [];
  const delayed: (readonly RegisterChange[])[] = [];
  let repliesLost = 0;

  const arrive = async (changes: readonly RegisterChange[]): Promise<SwapResult> => {
    const result = await store.compareAndSwap(changes);
    if (result.applied) applied.push(changes);
    return result;
  };
  const arriveLate = async (): Promise<void> => {
    if (delayed.length === 0 || randomBelow(random, 3) > 0) return;
    const [changes] = delayed.splice(randomBelow(random, delayed.length), 1);
    if (changes !== undefined) await arrive(changes);
  };
  const loseReply = (): never => {
    repliesLost += 1;
    throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'the reply was lost');
  };

  return {
    name: store.name,
    supports: store.supports,
    counters: store.counters,
    applied,
    get repliesLost() {
      return repliesLost;
    },
    async flush() {
      for (let changes = delayed.pop(); changes !== undefined; changes = delayed.pop()) await arrive(changes);
    },
    async read(keys) {
      await pause(random);
      await arriveLate();
      if (randomBelow(random, 10) === 0) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the read failed');
      const registers = await store.read(keys);
      await pause(random);
      return registers;
    },
    async compareAndSwap(changes) {
      await pause(random);
      await arriveLate();
      const fate = randomBelow(random, 10);
      if (fate === 0) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the request was not sent');
      if (fate === 1) return loseReply();
      if (fate === 2) {
        delayed.push(changes);
        return loseReply();
      }
      const result = await arrive(changes);
      if (fate === 3 || fate === 4) delayed.push(changes);
      await pause(random);
      return fate === 4 || fate === 5 ? loseReply() : result;
    },
    list: (prefix) => store.list(prefix),
    close: () => store.close(),
  };
}

/** Lets other tasks run on for a while, now and then for a long one. */
export async function pause(random: Random): Promise<void> {
  const turns = randomBelow(random, 20) === 0 ? 400 : randomBelow(random, 12);
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}
