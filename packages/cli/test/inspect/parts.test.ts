import { bloom, countBy, distinct, encodeSst, minMax, NEVER, PUT, Sst } from '@clortho/sst';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measureFilter } from '../../src/inspect/measure-filter.ts';
import { recogniseStatistics } from '../../src/inspect/recognise-statistics.ts';
import { proportional } from '../../src/inspect/render-layout.ts';
import { timestampRange, timestampText } from '../../src/inspect/timestamp-text.ts';

test('the picture has one character for everything that is there, and shares the rest by size', () => {
  const sizes = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 40 })), {
    minLength: 1,
    maxLength: 7,
  });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 20, max: 200 }), (bytes, total) => {
      fc.pre(bytes.some((size) => size > 0));
      const widths = proportional(bytes, total);
      expect(widths.reduce((sum, width) => sum + width, 0)).toBe(total);
      const sum = bytes.reduce((all, size) => all + size, 0);
      bytes.forEach((size, at) => {
        const width = widths[at] ?? -1;
        expect(width > 0).toBe(size > 0);
        expect(Math.abs(width - (size / sum) * total)).toBeLessThan(bytes.length + 1);
      });
    }),
  );
});

test('timestamps are moments where they look like it', () => {
  expect(timestampText(NEVER)).toBe('never');
  expect(timestampText(42)).toBe('42');
  expect(timestampText(-1)).toBe('-1');
  expect(timestampText(1_700_000_000_000_007)).toBe('1700000000000007 (2023-11-14T22:13:20.000007Z)');
  expect(timestampRange(3, 3)).toBe('3');
  expect(timestampRange(3, NEVER)).toBe('3 to never');
  const day = 1_700_000_000_000_000;
  expect(timestampRange(day, day + 1)).toBe('2023-11-14T22:13:20.000000Z to 22:13:20.000001Z');
  expect(timestampRange(day, day + 86_400_000_000)).toBe(
    '2023-11-14T22:13:20.000000Z to 2023-11-15T22:13:20.000000Z',
  );
});

describe('statistics', () => {
  const rows = ['a', 'b', 'bb', 'c', 'c'].map((value, at) => ({
    key: Buffer.from([at]),
    timestamp: 1,
    kind: PUT as typeof PUT,
    value: Buffer.from(value),
  }));
  const first = { type: 'bytes', offset: 0, length: 1 } as const;
  const built = [
    minMax('minMax', (row) => row.valueEnd - row.valueStart),
    bloom('bloom', first),
    distinct('distinct', first),
    countBy('countBy', first),
  ];
  const { summary } = encodeSst(rows, { collectors: built });
  const bytesOf = (name: string): Uint8Array => summary.statistics[name] as Uint8Array;

  test.for([
    ['minMax', '1 to 2'],
    ['bloom', '29 bits, 7 hashes'],
    ['distinct', 'about 3'],
    ['countBy', '"b" 2, "c" 2, "a" 1'],
  ] as const)('of %s are told by their shape', ([name, text]) => {
    const kind = recogniseStatistics(1, [[bytesOf(name), 5]]);
    expect(kind?.name).toBe(name);
    expect(kind?.read(bytesOf(name), 5)?.text).toBe(text);
  });

  test('of another version, of no shape, or of several, are of no kind', () => {
    expect(recogniseStatistics(2, [[bytesOf('minMax'), 5]])).toBeUndefined();
    expect(recogniseStatistics(1, [])).toBeUndefined();
    expect(recogniseStatistics(1, [[new Uint8Array(0), 5]])).toBeUndefined();
    expect(recogniseStatistics(1, [[Uint8Array.of(1, 2, 255), 5]])).toBeUndefined();
    expect(recogniseStatistics(1, [[new Uint8Array(16).fill(0x7f), 5]])).toBeUndefined();
    const mixed = [bytesOf('minMax'), bytesOf('countBy')].map((bytes) => [bytes, 5] as const);
    expect(recogniseStatistics(1, mixed)).toBeUndefined();
  });

  test('that count more rows than there are count none', () => {
    expect(recogniseStatistics(1, [[bytesOf('countBy'), 4]])).toBeUndefined();
  });
});

describe('a filter', () => {
  const facts = { family: 'split-block-bloom', bits: 4096, falsePositiveRate: () => 0.5 } as const;
  const opened = (key: Buffer, mayContain: () => boolean): Sst => {
    const sst = Sst.openBytes(
      encodeSst([{ key, timestamp: 1, kind: PUT, value: new Uint8Array(0) }], { filter: { family: 'none' } })
        .bytes,
    );
    sst.mayContain = mayContain;
    return sst;
  };

  test('is asked for 100,000 keys, and each that passes is counted', () => {
    let asked = 0;
    const sst = opened(Buffer.from('ant'), () => {
      asked += 1;
      return asked % 4 === 0;
    });
    expect(measureFilter(sst, facts, 512)).toEqual({
      family: 'split-block-bloom',
      bits: 4096,
      bitsPerKey: 8,
      probes: 100_000,
      falsePositives: 25_000,
      expectedRate: 0.5,
    });
    expect(asked).toBe(100_000);
  });

  test('of which the number of keys is not known is measured all the same', () => {
    const measure = measureFilter(
      opened(Buffer.alloc(60_000, 'k'), () => false),
      facts,
      undefined,
    );
    expect(measure).toMatchObject({ falsePositives: 0, expectedRate: undefined, bitsPerKey: undefined });
  });
});
