import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIntegers, encodeIntegers, integerAt } from '../../src/column/integers.ts';
import { ByteSink } from '../../src/sink.ts';

const { MIN_SAFE_INTEGER: LEAST, MAX_SAFE_INTEGER: MOST } = Number;

/** Columns whose numbers lie within some distance of some base. */
const columnArbitrary = fc
  .tuple(
    fc.oneof(fc.constant(0), fc.maxSafeInteger()),
    fc.constantFrom(0, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53),
  )
  .chain(([base, distance]) =>
    fc.array(
      fc.integer({ min: Math.max(LEAST, base), max: Math.min(MOST, Math.max(base, base + distance)) }),
      { maxLength: 50 },
    ),
  );

function encode(numbers: readonly number[]): Uint8Array {
  const sink = new ByteSink(1);
  encodeIntegers(sink, Float64Array.from(numbers), numbers.length);
  return sink.view().slice();
}

function section(bytes: Uint8Array) {
  return { bytes, offset: 0, name: 'test', fileOffset: 0 };
}

describe('an integer column', () => {
  it('gives back its numbers', () => {
    fc.assert(
      fc.property(columnArbitrary, (numbers) => {
        const column = decodeIntegers(section(encode(numbers)), numbers.length, LEAST, MOST);
        expect(numbers.map((_, index) => integerAt(column, index))).toEqual(numbers);
      }),
    );
  });

  it.each([
    ['equal numbers cost nothing each', Array(1000).fill(7), 2],
    ['zeros cost one byte in all', Array(1000).fill(0), 1],
    ['a range below 256 costs a byte each', [1000, 1255, 1000], 1 + 2 + 3],
    ['a range of 256 costs two', [1000, 1256], 1 + 2 + 4],
    ['a range of 65,536 costs four', [0, 65_536], 1 + 8],
    ['a range of 2^32 costs eight', [0, 2 ** 32], 1 + 16],
    ['timestamps of one second cost four each', [1.7e15, 1.7e15 + 1e6], 1 + 8 + 8],
    ['the ends of the range are exact', [LEAST, MOST, LEAST + 1, MOST - 1], 1 + 32],
    ['no numbers cost one byte', [], 1],
  ])('%s', (_, numbers, bytes) => {
    const encoded = encode(numbers);
    expect(encoded.length).toBe(bytes);
    const column = decodeIntegers(section(encoded), numbers.length, LEAST, MOST);
    expect(numbers.map((_number, index) => integerAt(column, index))).toEqual(numbers);
  });

  it.each([
    ['a width that is none', [3], 1],
    ['a base that is none', [0x30], 1],
    ['a base that ends early', [0x20, 1], 1],
    ['numbers that end early', [1, 9], 2],
    ['a number above the bound', [0x11, 200, 100], 1],
    ['a base that is no integer', [0x80, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f], 1],
    ['a number that is not a number', [0x08, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f], 1],
    ['nothing at all', [], 1],
  ])('is refused with %s', (_, bytes, count) => {
    expect(() => decodeIntegers(section(Uint8Array.from(bytes)), count, 0, 255)).toThrow(
      expect.objectContaining({ code: 'CLORTHO_CORRUPT' }),
    );
  });
});
