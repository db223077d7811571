import { compareBytes, encodeUtf8 } from '@clortho/base';
import { NEVER, type RangeDelete } from '@clortho/sst';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipRangeDeletes, NO_FRAGMENT, NO_RANGE_DELETE, RangeDeleteIndex } from '../../src/index.ts';

const bytes = fc.uint8Array({ maxLength: 2, max: 3 });
const rangeDelete = fc
  .tuple(bytes, bytes, fc.nat({ max: 20 }))
  .map(([start, end, timestamp]): RangeDelete => ({ start, end, timestamp }));

function covers(range: RangeDelete, key: Uint8Array): boolean {
  return compareBytes(range.start, key) <= 0 && compareBytes(key, range.end) < 0;
}

describe('RangeDeleteIndex', () => {
  it('finds what a look at every range delete finds', () => {
    fc.assert(
      fc.property(
        fc.array(rangeDelete, { maxLength: 12 }),
        fc.array(bytes),
        fc.nat({ max: 21 }),
        (ranges, keys, at) => {
          const index = RangeDeleteIndex.of(ranges);
          for (const key of keys) {
            const timestamps = ranges.filter((range) => covers(range, key)).map((range) => range.timestamp);
            const fragment = index?.locate(key, 0, key.length) ?? NO_FRAGMENT;
            const newest = Math.max(NO_RANGE_DELETE, ...timestamps.filter((timestamp) => timestamp <= at));
            const oldest = Math.min(NEVER, ...timestamps.filter((timestamp) => timestamp > at));
            expect(index?.newestAt(fragment, at) ?? NO_RANGE_DELETE).toBe(newest);
            expect(index?.newestCovering(key, at) ?? NO_RANGE_DELETE).toBe(newest);
            expect(index?.oldestAfter(fragment, at) ?? NEVER).toBe(oldest);
          }
        },
      ),
    );
  });

  it('answers an ascending scan as it answers single look-ups', () => {
    const ranges = Array.from({ length: 50 }, (_, index) => ({
      start: Uint8Array.of(index),
      end: Uint8Array.of(index + 1 + (index % 7)),
      timestamp: index,
    }));
    const scanned = RangeDeleteIndex.of(ranges) as RangeDeleteIndex;
    for (let key = 0; key < 70; key += 1) {
      const single = RangeDeleteIndex.of(ranges) as RangeDeleteIndex;
      const bytesOfKey = Uint8Array.of(key);
      expect(scanned.newestCovering(bytesOfKey, NEVER)).toBe(single.newestCovering(bytesOfKey, NEVER));
    }
  });

  it('holds 20,000 nested ranges without copying timestamps into every fragment', () => {
    const key = (index: number): Uint8Array => encodeUtf8(String(index).padStart(6, '0'));
    const ranges = Array.from({ length: 20_000 }, (_, index) => ({
      start: encodeUtf8(''),
      end: key(index + 1),
      timestamp: index + 1,
    }));
    const index = RangeDeleteIndex.of(ranges) as RangeDeleteIndex;
    expect(index.newestCovering(key(0), NEVER)).toBe(20_000);
    expect(index.newestCovering(key(19_999), NEVER)).toBe(20_000);
    expect(index.newestCovering(key(10_000), 10_000)).toBe(NO_RANGE_DELETE);
    expect(index.oldestAfter(index.locate(key(10_000), 0, 6), 0)).toBe(10_001);
  });

  it('is absent when nothing is deleted', () => {
    expect(RangeDeleteIndex.of([])).toBeUndefined();
    expect(
      RangeDeleteIndex.of([{ start: encodeUtf8('b'), end: encodeUtf8('b'), timestamp: 1 }]),
    ).toBeUndefined();
  });
});

describe('clipRangeDeletes', () => {
  it('keeps what lies in the range, half-open', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((text) => encodeUtf8(text)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const whole = { start: a, end: d, timestamp: 1 };
    expect(clipRangeDeletes([whole], { lower: b, upper: c })).toEqual([{ start: b, end: c, timestamp: 1 }]);
    expect(clipRangeDeletes([whole], { lower: d, upper: undefined })).toEqual([]);
    expect(clipRangeDeletes([{ ...whole, start: c }], { lower: a, upper: c })).toEqual([]);
  });
});
