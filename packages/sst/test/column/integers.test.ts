import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIntegers, encodeIntegers, integerAt } from '../../src/column/integers.ts';
import { ByteSink } from '../../src/sink.ts';
import { sectionOf } from '../support/section.ts';

const { MIN_SAFE_INTEGER: LEAST, MAX_SAFE_INTEGER: MOST } = Number;

/** Columns whose numbers lie within some distance of some base. */
const columnArbitrary = fc
  .tuple(
    fc.oneof(fc.constant(0), fc.maxSafeInteger()),
    fc
      .tuple(fc.constantFrom(0, 8, 16, 24, 32, 40, 48, 53), fc.constantFrom(-1, 0))
      .map(([bits, less]) => Math.max(0, 2 ** bits + less)),
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

describe('an integer column', () => {
  it('gives back its numbers', () => {
    fc.assert(
      fc.property(columnArbitrary, (numbers) => {
        const column = decodeIntegers(sectionOf(encode(numbers)), numbers.length, LEAST, MOST);
        expect(numbers.map((_, index) => integerAt(column, index))).toEqual(numbers);
      }),
    );
  });

  it.each([
    ['equal numbers cost nothing each', Array(1000).fill(7), 2],
    ['zeros cost one byte in all', Array(1000).fill(0), 1],
    ['a range below 256 costs a byte each', [1000, 1255, 1000], 1 + 2 + 3],
    ['a range of 256 costs two', [1000, 1256], 1 + 2 + 4],
    ['a range of 2^16 costs three', [0, 2 ** 16], 1 + 6],
    ['a range of 2^24 costs four', [0, 2 ** 24], 1 + 8],
    ['a range of 2^32 costs five', [0, 2 ** 32], 1 + 10],
    ['a range of 2^40 costs six', [0, 2 ** 40], 1 + 12],
    ['a range of 2^48 costs seven', [0, 2 ** 48], 1 + 14],
    ['a range of 2^53 costs eight', [-1, MOST], 1 + 16],
    ['timestamps of one second cost three each', [1.7e15, 1.7e15 + 1e6], 1 + 7 + 6],
    ['timestamps of one day cost five each', [1.7e15, 1.7e15 + 86_400e6], 1 + 7 + 10],
    ['the ends of the range are exact', [LEAST, MOST, LEAST + 1, MOST - 1], 1 + 32],
    ['no numbers cost one byte', [], 1],
  ])('%s', (_, numbers, bytes) => {
    const encoded = encode(numbers);
    expect(encoded.length).toBe(bytes);
    const column = decodeIntegers(sectionOf(encoded), numbers.length, LEAST, MOST);
    expect(numbers.map((_number, index) => integerAt(column, index))).toEqual(numbers);
  });

  it.each([
    ['a width that is none', [9], 1],
    ['a base that is none', [0x90], 1],
    ['a base that ends early', [0x20, 1], 1],
    ['numbers that end early', [1, 9], 2],
    ['a number above the bound', [0x11, 200, 100], 1],
    ['a base that is no integer', [0x80, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f], 1],
    ['a base that is no integer, without numbers', [0x80, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f], 0],
    ['a number that is not a number', [0x08, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f], 1],
    ['nothing at all', [], 1],
  ])('is refused with %s', (_, bytes, count) => {
    expect(() => decodeIntegers(sectionOf(Uint8Array.from(bytes)), count, 0, 255)).toThrow(
      expect.objectContaining({ code: 'CLORTHO_CORRUPT' }),
    );
  });
});
