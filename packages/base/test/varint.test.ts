import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeVarint, encodeVarint, InvariantError, VARINT_BYTES_MAX, varintBytes } from '../src/index.ts';

/** Integers of every length, dense around the powers of 2^7 where the length changes. */
const value = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc
    .record({ group: fc.integer({ min: 0, max: 7 }), offset: fc.integer({ min: -2, max: 2 }) })
    .map(({ group, offset }) => Math.max(0, 2 ** (7 * group) + offset)),
);

function encode(number: number): Uint8Array {
  const bytes = new Uint8Array(varintBytes(number));
  encodeVarint({ bytes, offset: 0 }, number);
  return bytes;
}

test.each([
  [0, [0x00]],
  [1, [0x01]],
  [127, [0x7f]],
  [128, [0x80, 0x01]],
  [300, [0xac, 0x02]],
  [16_383, [0xff, 0x7f]],
  [16_384, [0x80, 0x80, 0x01]],
  [2 ** 31, [0x80, 0x80, 0x80, 0x80, 0x08]],
  [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  [Number.MAX_SAFE_INTEGER, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
])('%d has these bytes', (number, bytes) => {
  expect([...encode(number)]).toEqual(bytes);
});

test('what is encoded is decoded, and both cursors end behind it', () => {
  fc.assert(
    fc.property(value, fc.nat(5), (number, start) => {
      const target = { bytes: new Uint8Array(start + VARINT_BYTES_MAX), offset: start };
      encodeVarint(target, number);
      expect(target.offset).toBe(start + varintBytes(number));
      const source = { bytes: target.bytes, offset: start };
      expect(decodeVarint(source)).toBe(number);
      expect(source.offset).toBe(target.offset);
    }),
  );
});

test('bytes that decode are the one encoding of their value', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 10 }), (bytes) => {
      const source = { bytes, offset: 0 };
      let number: number;
      try {
        number = decodeVarint(source);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CLORTHO_CORRUPT' });
        expect(source.offset).toBe(0);
        return;
      }
      expect(bytes.subarray(0, source.offset)).toEqual(encode(number));
    }),
    { numRuns: 2_000 },
  );
});

describe('damaged bytes are refused and leave the cursor', () => {
  test.each([
    ['no bytes', [], 'varint ends early: offset=0'],
    ['a cut', [0x80], 'varint ends early: offset=0'],
    ['a cut after seven bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'varint ends early: offset=0'],
    ['a padded zero', [0x80, 0x00], 'varint is not in its shortest form: offset=0'],
    ['a padded value', [0xff, 0x80, 0x00], 'varint is not in its shortest form: offset=0'],
    ['2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], 'varint exceeds 2^53 - 1: offset=0'],
    [
      'a ninth byte',
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x8f, 0x01],
      'varint exceeds 2^53 - 1: offset=0',
    ],
  ])('%s', (_, list, message) => {
    const source = { bytes: Uint8Array.from(list), offset: 0 };
    expect(() => decodeVarint(source)).toThrow(expect.objectContaining({ code: 'CLORTHO_CORRUPT', message }));
    expect(source.offset).toBe(0);
  });
});

test('the encoder asserts what it is given', () => {
  for (const number of [-1, 1.5, Number.NaN, 2 ** 53])
    expect(() => varintBytes(number)).toThrow(InvariantError);
  expect(() => encodeVarint({ bytes: new Uint8Array(1), offset: 0 }, 128)).toThrow(InvariantError);
});
