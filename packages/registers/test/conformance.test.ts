/** The suite has to notice broken stores: each mutant breaks one promise of a sound one. */
import { ClorthoError } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { registerStoreConformance } from '../src/conformance.ts';
import { memoryRegisterStore } from '../src/memory.ts';
import type { RegisterChange, RegisterStore } from '../src/register-store.ts';

/** Declares the suite against what `mutate` makes of a sound store, runs it, and returns the titles that failed. */
async function failures(mutate: (store: RegisterStore) => Partial<RegisterStore>): Promise<string[]> {
  const tests: { readonly title: string; readonly body: () => Promise<void> }[] = [];
  registerStoreConformance(
    { describe: (_name, body) => body(), it: (title, body) => tests.push({ title, body }) },
    {
      name: 'mutant',
      open: () => {
        const sound = memoryRegisterStore();
        return Promise.resolve({ store: { ...sound, ...mutate(sound) }, close: () => Promise.resolve() });
      },
    },
  );
  const failed: string[] = [];
  for (const { title, body } of tests) await body().catch(() => failed.push(title));
  return failed;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function* reversed(store: RegisterStore, prefix: string): ReturnType<RegisterStore['list']> {
  const registers = [];
  for await (const register of store.list(prefix)) registers.unshift(register);
  yield* registers;
}

/** Swaps one register after the other, which is right only while nobody else writes. */
async function swapInTurns(
  store: RegisterStore,
  changes: readonly RegisterChange[],
): ReturnType<RegisterStore['compareAndSwap']> {
  const checks = changes.map(({ key, expect: version }) => ({ key, expect: version }));
  const result = await store.compareAndSwap(checks);
  if (!result.applied) return result;
  for (const change of changes) {
    await turn();
    const part = await store.compareAndSwap([change]);
    if (!part.applied) return part;
  }
  return { applied: true };
}

const MUTANTS: Readonly<Record<string, (store: RegisterStore) => Partial<RegisterStore>>> = {
  'ignores what a swap expects': (store) => ({
    async compareAndSwap(changes, options) {
      const registers = await store.read(changes.map(({ key }) => key));
      const forced = changes.map((change, index) => ({ ...change, expect: registers[index]?.version ?? 0 }));
      return store.compareAndSwap(forced, options);
    },
  }),
  'ignores checks': (store) => ({
    compareAndSwap: async (changes, options) => {
      const writes = changes.filter(({ value }) => value !== undefined);
      return writes.length === 0 ? { applied: true } : store.compareAndSwap(writes, options);
    },
  }),
  'swaps several registers one after the other': (store) => ({
    compareAndSwap: (changes) =>
      changes.length > 1 ? swapInTurns(store, changes) : store.compareAndSwap(changes),
  }),
  'reads several registers one after the other': (store) => ({
    async read(keys, options) {
      if (keys.length <= 1 || new Set(keys).size < keys.length) return store.read(keys, options);
      const registers = [];
      for (const key of keys) {
        registers.push(...(await store.read([key], options)));
        await turn();
      }
      return registers;
    },
  }),
  'says applied before it is': (store) => ({
    compareAndSwap: async (changes, options) => {
      const swap = turn().then(() => store.compareAndSwap(changes, options));
      swap.catch(() => undefined);
      return { applied: true };
    },
  }),
  'lists in the wrong order': (store) => ({ list: (prefix) => reversed(store, prefix) }),
  'lists beyond the prefix': (store) => ({ list: (_prefix, options) => store.list('', options) }),
  'stays open after close': () => ({ close: () => Promise.resolve() }),
  'throws for a lost race': (store) => ({
    async compareAndSwap(changes, options) {
      const result = await store.compareAndSwap(changes, options);
      if (!result.applied) throw new ClorthoError('CLORTHO_CONFLICT', 'lost');
      return result;
    },
  }),
};

describe('the conformance suite', () => {
  it('passes a sound store', async () => {
    expect(await failures(() => ({}))).toEqual([]);
  });

  it.each(Object.entries(MUTANTS))('notices a store that %s', async (_name, mutate) => {
    expect(await failures(mutate)).not.toEqual([]);
  });
});
