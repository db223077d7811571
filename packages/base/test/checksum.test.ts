import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksum, EMPTY_BYTES, encodeUtf8 } from '../src/index.ts';

test.each([
  ['', 0x00000000],
  ['a', 0xe8b7be43],
  ['123456789', 0xcbf43926], // The check value of CRC-32 in the catalogue of parametrised CRC algorithms.
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
])('the CRC-32 of %j', (text, value) => {
  expect(checksum(encodeUtf8(text))).toBe(value);
});

test('the checksum of 32 zero bytes and of 32 bytes 0xff', () => {
  expect(checksum(new Uint8Array(32))).toBe(0x190a55ad);
  expect(checksum(new Uint8Array(32).fill(0xff))).toBe(0xff6cab0b);
});

test('it continues from a seed', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (whole, place) => {
      const cut = whole.length === 0 ? 0 : place % whole.length;
      expect(checksum(whole.subarray(cut), checksum(whole.subarray(0, cut)))).toBe(checksum(whole));
    }),
  );
  expect(checksum(EMPTY_BYTES, 7)).toBe(7);
});

test('every single flipped bit changes it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (bytes, place) => {
      const before = checksum(bytes);
      const bit = place % (bytes.length * 8);
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
      expect(checksum(bytes)).not.toBe(before);
    }),
  );
});
