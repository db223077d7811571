import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctHashes } from '../../src/filter/distinct-hashes.ts';

describe('distinctHashes', () => {
  it('gives each hash once, in ascending order, and leaves what it was given', () => {
    const half = fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 0xffff_ffff }), fc.constant(0xffff_ffff));
    fc.assert(
      fc.property(fc.array(fc.tuple(half, half), { maxLength: 60 }), (list) => {
        // Room behind the last hash, as in a growing list.
        const halves = Uint32Array.from([...list.flat(), 7, 7]);
        const { count, halves: distinct } = distinctHashes({ count: list.length, halves });
        const values: bigint[] = [];
        for (let index = 0; index < count; index += 1) {
          values.push((BigInt(distinct[index * 2 + 1] ?? 0) << 32n) | BigInt(distinct[index * 2] ?? 0));
        }
        const expected = [...new Set(list.map(([low, high]) => (BigInt(high) << 32n) | BigInt(low)))];
        expect(values).toEqual(expected.sort((left, right) => (left < right ? -1 : 1)));
        expect([...halves]).toEqual([...list.flat(), 7, 7]);
      }),
      { numRuns: 150 },
    );
  });
});
