import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  intersectIntervals,
  intervalOf,
  isEmptyInterval,
  type KeyBounds,
  type KeyInterval,
  startsWith,
} from '../src/index.ts';

const key = fc.uint8Array({ maxLength: 3 });
const bound = fc.option(key, { nil: undefined });
const ranges: fc.Arbitrary<KeyBounds> = fc
  .record({ lower: bound, upper: bound, prefix: bound, open: fc.boolean(), closed: fc.boolean() })
  .map(
    ({ lower, upper, prefix, open, closed }): KeyBounds => ({
      ...(open ? { gt: lower } : { gte: lower }),
      ...(closed ? { lte: upper } : { lt: upper }),
      prefix,
    }),
  )
  .filter(({ gte, gt, lte, lt }) => {
    const [lower, upper] = [gte ?? gt, lte ?? lt];
    return lower === undefined || upper === undefined || compareBytes(lower, upper) <= 0;
  });

function holds({ start, end }: KeyInterval, key: Uint8Array): boolean {
  return compareBytes(start, key) <= 0 && (end === undefined || compareBytes(key, end) < 0);
}

function isMeant({ gte, gt, lte, lt, prefix }: KeyBounds, key: Uint8Array): boolean {
  return (
    (gte === undefined || compareBytes(gte, key) <= 0) &&
    (gt === undefined || compareBytes(gt, key) < 0) &&
    (lte === undefined || compareBytes(key, lte) <= 0) &&
    (lt === undefined || compareBytes(key, lt) < 0) &&
    (prefix === undefined || startsWith(key, prefix))
  );
}

describe('intervalOf', () => {
  it('holds the keys that the bounds mean, alone and intersected', () => {
    fc.assert(
      fc.property(ranges, ranges, fc.array(key, { maxLength: 20 }), (left, right, keys) => {
        const both = intersectIntervals(intervalOf(left), intervalOf(right));
        for (const key of keys) {
          expect(holds(intervalOf(left), key)).toBe(isMeant(left, key));
          expect(holds(both, key)).toBe(isMeant(left, key) && isMeant(right, key));
          if (holds(both, key)) expect(isEmptyInterval(both)).toBe(false);
        }
      }),
    );
  });

  it('refuses doubled and inverted bounds', () => {
    const [low, high] = [Uint8Array.of(1), Uint8Array.of(2)];
    const refused: KeyBounds[] = [
      { gte: low, gt: low },
      { lte: low, lt: low },
      { gte: high, lt: low },
      { gt: high, lte: low },
    ];
    for (const range of refused)
      expect(() => intervalOf(range)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    expect(isEmptyInterval(intervalOf({ gt: low, lt: low }))).toBe(true);
    expect(isEmptyInterval(intervalOf({ gte: low, lte: low }))).toBe(false);
  });
});
