import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lmdbRegisterStore } from '../src/lmdb/lmdb.ts';
import { memoryRegisterStore } from '../src/memory.ts';
import type { RegisterStore } from '../src/register-store.ts';

type Step =
  | { readonly kind: 'swap'; readonly changes: readonly Change[] }
  | { readonly kind: 'list'; readonly prefix: string }
  | { readonly kind: 'read' };

interface Change {
  readonly key: string;
  /** Added to the version in the model, so most swaps fit and some do not. */
  readonly skew: number;
  readonly value: Uint8Array | undefined;
}

const KEYS = ['a', 'a/b', 'b', 'é', '😀'];

const changes = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom(...KEYS),
    skew: fc.constantFrom(0, 0, 0, 0, 1, -1),
    value: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
  }),
  { selector: ({ key }) => key, minLength: 1, maxLength: 4 },
);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('swap' as const), changes }) },
    fc.record({ kind: fc.constant('list' as const), prefix: fc.constantFrom('', 'a', 'a/', '😀') }),
    fc.record({ kind: fc.constant('read' as const) }),
  ),
  { maxLength: 30 },
);

describe('registers agree with the model', () => {
  it('in memory', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (run) => void (await agrees(memoryRegisterStore(), run))),
      { numRuns: 200 },
    );
  });

  it('in LMDB, closed and opened again between runs', async () => {
    const root = await mkdtemp(join(tmpdir(), 'clortho-registers-'));
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(steps, async (run) => {
          runs += 1;
          const directory = join(root, String(runs));
          const model = await agrees(await lmdbRegisterStore(directory, { create: true }), run);
          const again = await lmdbRegisterStore(directory);
          expect(await contents(again)).toEqual(model);
          await again.close();
        }),
        { numRuns: 25 },
      );
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});

type Model = Map<string, { readonly version: number; readonly value: Uint8Array }>;

async function agrees(store: RegisterStore, run: readonly Step[]): Promise<Model> {
  const model: Model = new Map();
  const versionOf = (key: string): number => model.get(key)?.version ?? 0;
  try {
    for (const step of run) {
      if (step.kind === 'swap') {
        const expected = step.changes.map(({ key, skew, value }) => ({
          key,
          expect: Math.max(0, versionOf(key) + skew),
          value,
        }));
        const fits = expected.every(({ key, expect: version }) => version === versionOf(key));
        expect((await store.compareAndSwap(expected)).applied).toBe(fits);
        for (const { key, value } of fits ? expected : []) {
          if (value !== undefined) model.set(key, { version: versionOf(key) + 1, value });
        }
      } else if (step.kind === 'list') {
        const keys: string[] = [];
        for await (const { key } of store.list(step.prefix)) keys.push(key);
        expect(keys).toEqual(KEYS.filter((key) => model.has(key) && key.startsWith(step.prefix)));
      } else {
        const registers = await store.read(KEYS);
        expect(registers).toEqual(
          KEYS.map((key) => (model.has(key) ? { key, ...model.get(key) } : undefined)),
        );
      }
    }
    expect(await contents(store)).toEqual(model);
  } finally {
    await store.close();
  }
  return model;
}

async function contents(store: RegisterStore): Promise<Model> {
  const found: Model = new Map();
  for await (const { key, version, value } of store.list('')) found.set(key, { version, value });
  return found;
}
