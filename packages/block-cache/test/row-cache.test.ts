import { encodeUtf8, type Hash64, hashBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowCache } from '../src/index.ts';

const hash: Hash64 = { low: 0, high: 0 };

/** What is known of a key. */
interface Known {
  readonly since: number;
  readonly until: number;
  readonly mark: number;
  readonly value: Uint8Array;
}

function put(cache: RowCache, space: number, key: Uint8Array, known: Known): void {
  hashBytes(key, 0, key.length, hash);
  const { since, until, mark, value } = known;
  const padded = new Uint8Array(value.length + 5);
  padded.set(value, 3);
  cache.put(space, key, hash.low, hash.high, since, until, mark, padded, 3, 3 + value.length);
}

function find(cache: RowCache, space: number, key: Uint8Array): Known | undefined {
  hashBytes(key, 0, key.length, hash);
  if (!cache.find(space, key, hash.low, hash.high)) return undefined;
  const { since, until, mark, bytes, valueStart, valueEnd } = cache;
  expect(valueStart % 8).toBe(0);
  return { since, until, mark, value: bytes.slice(valueStart, valueEnd) };
}

const keyOf = (number: number): Uint8Array => encodeUtf8(`key-${number}${'x'.repeat(number % 9)}`);
const valueOf = (bytes: number, fill: number): Uint8Array => new Uint8Array(bytes).fill(fill);

describe('RowCache', () => {
  it('gives what was put last for a key and its space, or nothing', () => {
    const step = fc.record({
      kind: fc.constantFrom('put', 'find', 'find', 'extend'),
      space: fc.nat(2),
      key: fc.nat(60),
      bytes: fc.oneof(fc.nat(40), fc.nat(400)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), fc.nat(20_000), (steps, bytesMax) => {
        const cache = new RowCache({ bytesMax });
        const model = new Map<string, Known>();
        for (const [at, { kind, space, key: number, bytes }] of steps.entries()) {
          const key = keyOf(number);
          const name = `${space}/${number}`;
          if (kind === 'put') {
            const known = { since: at, until: at + 0.5, mark: at + 2 ** 31, value: valueOf(bytes, at) };
            put(cache, space, key, known);
            model.set(name, known);
            continue;
          }
          const found = find(cache, space, key);
          if (found === undefined) continue;
          expect(found).toEqual(model.get(name));
          if (kind !== 'extend') continue;
          cache.extend(at + 1000);
          expect(find(cache, space, key)?.until).toBe(at + 1000);
          model.set(name, { ...found, until: at + 1000 });
        }
        expect(cache.stats().bytes).toBeLessThanOrEqual(bytesMax);
      }),
      { numRuns: 300 },
    );
  });

  it('holds about as many rows as fit, and those that are asked for stay', () => {
    const cache = new RowCache({ bytesMax: 100_000 });
    const value = valueOf(100, 1);
    let missed = 0;
    for (let number = 0; number < 5000; number += 1) {
      put(cache, 1, keyOf(number), { since: 1, until: 2, mark: 3, value });
      const hot = 10_000 + (number % 100);
      if (find(cache, 1, keyOf(hot)) !== undefined) continue;
      missed += 1;
      put(cache, 1, keyOf(hot), { since: 1, until: 2, mark: 3, value });
    }
    expect(missed).toBeGreaterThanOrEqual(100);
    expect(missed).toBeLessThan(150);
    const isThere = (number: number): boolean => find(cache, 1, keyOf(number)) !== undefined;
    const all = Array.from({ length: 5000 }, (_, number) => number).filter(isThere).length;
    expect(all).toBeGreaterThan(350);
    expect(all).toBeLessThan(600);
    const { hits, misses, inserted, bytes, bytesMax } = cache.stats();
    expect(hits + misses).toBe(10_000);
    expect(inserted).toBe(5000 + missed);
    expect(bytes).toBeLessThanOrEqual(bytesMax);
    expect(bytesMax).toBeLessThanOrEqual(100_000);
  });

  it('keeps nothing without a budget, sets nothing aside before the first row, and refuses what is no budget', () => {
    const none = new RowCache({ bytesMax: 0 });
    put(none, 1, keyOf(1), { since: 1, until: 2, mark: 3, value: valueOf(10, 1) });
    expect(find(none, 1, keyOf(1))).toBeUndefined();
    expect(new RowCache({ bytesMax: 2 ** 34 }).stats()).toMatchObject({ bytes: 0, bytesMax: 2 ** 30 });
    for (const bytesMax of [-1, 1.5, Number.NaN]) {
      expect(() => new RowCache({ bytesMax })).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    }
  });

  it('leaves out what is too large', () => {
    const cache = new RowCache({ bytesMax: 64 * 1024 });
    put(cache, 1, keyOf(1), { since: 1, until: 2, mark: 3, value: valueOf(2000, 1) });
    expect(find(cache, 1, keyOf(1))).toBeUndefined();
    const large = new RowCache({ bytesMax: 2 ** 25 });
    put(large, 1, new Uint8Array(5000), { since: 1, until: 2, mark: 3, value: valueOf(1, 1) });
    put(large, 1, keyOf(2), { since: 1, until: 2, mark: 3, value: valueOf(70_000, 1) });
    put(large, 1, keyOf(3), { since: 1, until: 2, mark: 3, value: valueOf(60_000, 7) });
    expect(find(large, 1, new Uint8Array(5000))).toBeUndefined();
    expect(find(large, 1, keyOf(2))).toBeUndefined();
    expect(find(large, 1, keyOf(3))?.value).toEqual(valueOf(60_000, 7));
  });
});
