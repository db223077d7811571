import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stampEdit } from '../src/edit.ts';
import {
  BOUND_BYTES_MAX,
  lowerBound,
  manifestStatistics,
  objectKey,
  STATISTIC_BYTES_MAX,
  shortenUpper,
  upperBound,
} from '../src/file-entry.ts';
import { editOf, entryOf, fileId } from './support/entries.ts';

/** Keys around the length at which bounds are cut, often of 0xff bytes, where no upper bound may exist. */
const keys = fc
  .tuple(
    fc.constantFrom(0, 1, 62, 63, 64, 65, 66, 200),
    fc.constantFrom(0, 7, 255),
    fc.uint8Array({ maxLength: 3 }),
  )
  .map(([length, byte, end]) => Uint8Array.of(...new Uint8Array(length).fill(byte), ...end));

describe('bounds', () => {
  it('enclose every key of the file and stay short', () => {
    fc.assert(
      fc.property(keys, keys, (first, second) => {
        const [least, greatest] = [first, second].sort(compareBytes) as [Uint8Array, Uint8Array];
        const lower = lowerBound(least);
        expect(compareBytes(lower, least)).toBeLessThanOrEqual(0);
        expect(lower.length).toBeLessThanOrEqual(BOUND_BYTES_MAX);
        const upper = upperBound(greatest);
        if (upper === undefined) {
          expect(greatest.subarray(0, BOUND_BYTES_MAX).every((byte) => byte === 255)).toBe(true);
          return;
        }
        expect(compareBytes(upper, greatest)).toBeGreaterThan(0);
        expect(upper.length).toBeLessThanOrEqual(BOUND_BYTES_MAX);
      }),
      { numRuns: 300 },
    );
  });

  it('shorten to one at or above the bound', () => {
    fc.assert(
      fc.property(keys, (bound) => {
        const short = shortenUpper(bound);
        if (bound.length <= BOUND_BYTES_MAX) expect(short).toEqual(bound);
        else if (short !== undefined) expect(compareBytes(short, bound)).toBeGreaterThan(0);
        else expect(bound.subarray(0, BOUND_BYTES_MAX).every((byte) => byte === 255)).toBe(true);
      }),
    );
  });
});

describe('entries', () => {
  it('carry only statistics that are small and not empty', () => {
    const statistics = {
      kept: new Uint8Array(STATISTIC_BYTES_MAX),
      large: new Uint8Array(STATISTIC_BYTES_MAX + 1),
      empty: new Uint8Array(0),
    };
    expect(Object.keys(manifestStatistics(statistics))).toEqual(['kept']);
  });

  it('name their object', () => {
    expect(objectKey(fileId(1))).toBe(`sst/${fileId(1)}.sst`);
  });

  it('take the commit timestamp where they have none of their own', () => {
    const merged = entryOf(2, { uniform: false, level: 1, run: 5, minTimestamp: 3, maxTimestamp: 5 });
    const stamped = stampEdit(editOf(1, [entryOf(1), merged]), 42);
    expect(stamped.timestamp).toBe(42);
    expect(stamped.added[0]).toMatchObject({ run: 42, minTimestamp: 42, maxTimestamp: 42 });
    expect(stamped.added[1]).toEqual(merged);
  });
});
