import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortKeys } from '../../src/sort/sort-keys.ts';

const keyArbitrary = fc.oneof(
  fc.array(fc.constantFrom(0, 1, 255), { maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
  fc.uint8Array({ maxLength: 20 }),
);

describe('sorting keys', () => {
  it('gives the stable order of byte strings, whatever they share', () => {
    fc.assert(
      fc.property(
        fc.array(keyArbitrary, { maxLength: 300, size: 'max' }),
        fc.uint8Array({ maxLength: 9 }),
        (suffixes, prefix) => {
          const keys = suffixes.map((suffix) => Uint8Array.from([...prefix, ...suffix]));
          const expected = keys
            .map((_, place) => place)
            .sort(
              (left, right) =>
                compareBytes(keys[left] as Uint8Array, keys[right] as Uint8Array) || left - right,
            );
          expect([...sortKeys(keys)]).toEqual(expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('of nothing is nothing', () => {
    expect([...sortKeys([])]).toEqual([]);
  });
});
