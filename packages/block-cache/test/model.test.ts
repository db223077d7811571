import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockCache } from '../src/index.ts';

interface Block {
  readonly serial: number;
  readonly weight: number;
}

type Step =
  | { readonly kind: 'set' | 'load'; readonly key: number; readonly weight: number }
  | { readonly kind: 'get'; readonly key: number }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'deleteRange'; readonly key: number; readonly length: number }
  | { readonly kind: 'clear' };

const key = fc.nat(15);
const weight = fc.integer({ min: 1, max: 12 });
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  {
    weight: 30,
    arbitrary: fc.record({ kind: fc.constantFrom('set' as const, 'load' as const), key, weight }),
  },
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('deleteRange' as const), key, length: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

describe('any sequence of steps', () => {
  it('stays within the budget and never answers with anything but the latest value', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(40),
        fc.option(fc.nat(8), { nil: undefined }),
        fc.array(step, { maxLength: 120 }),
        async (bytesMax, ghostEntriesMax, steps) => {
          const cache = blockCache<Block>({ bytesMax, ghostEntriesMax, weigh: (block) => block.weight });
          const latest = new Map<number, Block>();
          let serial = 0;
          for (const each of steps) {
            if (each.kind === 'clear') {
              cache.clear();
              latest.clear();
            } else if (each.kind === 'get') {
              const found = cache.get(each.key);
              if (found !== undefined) expect(found).toBe(latest.get(each.key));
            } else if (each.kind === 'delete') {
              cache.delete(each.key);
              latest.delete(each.key);
            } else if (each.kind === 'deleteRange') {
              cache.deleteRange(each.key, each.key + each.length);
              for (let gone = each.key; gone < each.key + each.length; gone += 1) latest.delete(gone);
            } else if (each.kind === 'set') {
              const block = { serial: (serial += 1), weight: each.weight };
              cache.set(each.key, block);
              latest.set(each.key, block);
              expect(cache.get(each.key)).toBe(each.weight <= bytesMax ? block : undefined);
            } else {
              const made = { serial: (serial += 1), weight: each.weight };
              const found = await cache.load(each.key, async () => made);
              if (found === made) latest.set(each.key, made);
              else expect(found).toBe(latest.get(each.key));
            }
            let bytes = 0;
            let entries = 0;
            for (const [present, block] of latest) {
              if (cache.get(present) !== block) continue;
              bytes += block.weight;
              entries += 1;
            }
            expect(cache.stats()).toMatchObject({ bytes, entries });
            expect(bytes).toBeLessThanOrEqual(bytesMax);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('keeps everything while everything fits', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, weight), { maxLength: 60 }), (sets) => {
        const cache = blockCache<Block>({ bytesMax: 16 * 12, weigh: (block) => block.weight });
        const latest = new Map<number, Block>();
        for (const [at, weighs] of sets) {
          const block = { serial: latest.size, weight: weighs };
          cache.set(at, block);
          latest.set(at, block);
        }
        for (const [at, block] of latest) expect(cache.get(at)).toBe(block);
        expect(cache.stats().evictions).toBe(0);
      }),
    );
  });
});
