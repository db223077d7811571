import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Random, randomBelow, randomFraction, seededRandom, systemRandom } from '../src/index.ts';

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

/** A source that always gives the same number. */
const constant = (value: number): Random => ({ uint32: () => value });

// Seeds in failure reports and simulations would otherwise lose their meaning.
test('the sequence of a seed is pinned', () => {
  expect(draw(seededRandom(0), 4)).toEqual([0x871bda68, 0xe60eaf07, 0xba7d33f0, 0x5c9dbe05]);
  expect(draw(seededRandom(42), 4)).toEqual([0x0ae688fd, 0xb354e879, 0xe10726b8, 0x5a80e9b2]);
});

test('equal seeds give equal sequences, other seeds others', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (left, right) => {
      const isEqual = draw(seededRandom(left), 8).join() === draw(seededRandom(right), 8).join();
      expect(isEqual).toBe(left === right);
    }),
  );
});

describe.each([
  ['seeded', seededRandom(7)],
  ['of the machine', systemRandom],
])('randomness %s', (_, random) => {
  test('is unsigned 32-bit integers', () => {
    for (const value of draw(random, 1_000)) expect(value).toBe(value >>> 0);
  });

  test('has every bit set about half of the time', () => {
    const values = draw(random, 20_000);
    for (let bit = 0; bit < 32; bit += 1) {
      const set = values.filter((value) => (value >>> bit) & 1).length;
      // 10,000 expected; 8 standard deviations around it.
      expect(Math.abs(set - 10_000)).toBeLessThan(566);
    }
  });

  test('does not repeat when its pool is refilled', () => {
    expect(new Set(draw(random, 1_024)).size).toBeGreaterThan(1_020);
  });
});

test('a fraction is in [0, 1)', () => {
  expect(randomFraction(constant(0))).toBe(0);
  expect(randomFraction(constant(0xffff_ffff))).toBeLessThan(1);
});

test('an integer below a bound is in [0, bound), its ends included', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 32 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      (bound, value) => {
        const drawn = randomBelow(constant(value), bound);
        expect(Number.isInteger(drawn)).toBe(true);
        expect(drawn).toBeGreaterThanOrEqual(0);
        expect(drawn).toBeLessThan(bound);
      },
    ),
  );
  expect(randomBelow(constant(0), 6)).toBe(0);
  expect(randomBelow(constant(0xffff_ffff), 6)).toBe(5);
});
