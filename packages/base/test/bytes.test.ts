import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareBytes,
  compareSlices,
  concatBytes,
  decodeUtf8,
  EMPTY_BYTES,
  encodeUtf8,
  equalBytes,
  keySuccessor,
  prefixSuccessor,
  sharedPrefixLength,
  startsWith,
} from '../src/index.ts';

/** Short strings over few bytes, the extremes among them, so that prefixes and ties are common. */
const bytes = fc
  .array(fc.constantFrom(0x00, 0x01, 0x61, 0x7f, 0x80, 0xfe, 0xff), { maxLength: 6 })
  .map((list) => Uint8Array.from(list));

describe('order', () => {
  test('agrees with Buffer.compare', () => {
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        expect(Math.sign(compareBytes(left, right))).toBe(Buffer.compare(left, right));
        expect(equalBytes(left, right)).toBe(Buffer.compare(left, right) === 0);
      }),
    );
  });

  test('is by unsigned byte, and a prefix sorts first', () => {
    expect(compareBytes(Uint8Array.of(0x7f), Uint8Array.of(0x80))).toBeLessThan(0);
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0);
    expect(compareBytes(EMPTY_BYTES, EMPTY_BYTES)).toBe(0);
  });

  test('of slices in place is the order of the slices', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, (before, left, right, after) => {
        const padded = concatBytes([before, left, after]);
        const other = concatBytes([after, right, before]);
        const order = compareSlices(
          padded,
          before.length,
          before.length + left.length,
          other,
          after.length,
          after.length + right.length,
        );
        expect(Math.sign(order)).toBe(Buffer.compare(left, right));
      }),
    );
  });
});

describe('prefixes', () => {
  test('the shared prefix is shared, and is the longest', () => {
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        const length = sharedPrefixLength(left, right);
        expect(left.subarray(0, length)).toEqual(right.subarray(0, length));
        if (length < Math.min(left.length, right.length)) expect(left[length]).not.toBe(right[length]);
      }),
    );
  });

  test('bytes start with a prefix when the shared prefix is all of it', () => {
    fc.assert(
      fc.property(bytes, bytes, (whole, prefix) => {
        expect(startsWith(whole, prefix)).toBe(sharedPrefixLength(whole, prefix) === prefix.length);
        expect(startsWith(concatBytes([prefix, whole]), prefix)).toBe(true);
      }),
    );
  });

  test('[prefix, successor) holds exactly the strings with the prefix', () => {
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        const end = prefixSuccessor(prefix);
        const isInside = compareBytes(key, prefix) >= 0 && (end === undefined || compareBytes(key, end) < 0);
        expect(isInside).toBe(startsWith(key, prefix));
      }),
    );
  });

  test.each([
    ['nothing', [], undefined],
    ['0xff only', [0xff, 0xff], undefined],
    ['a trailing 0xff', [0x61, 0xff], [0x62]],
    ['0xfe', [0xfe], [0xff]],
    ['letters', [0x61, 0x62], [0x61, 0x63]],
  ])('the successor of a prefix of %s', (_, prefix, successor) => {
    expect(prefixSuccessor(Uint8Array.from(prefix))).toEqual(successor && Uint8Array.from(successor));
  });

  test('a successor is a copy', () => {
    const prefix = Uint8Array.of(1, 2);
    prefixSuccessor(prefix)?.fill(9);
    keySuccessor(prefix).fill(9);
    expect(prefix).toEqual(Uint8Array.of(1, 2));
  });

  test('nothing lies between a key and its successor', () => {
    fc.assert(
      fc.property(bytes, bytes, (key, other) => {
        const successor = keySuccessor(key);
        expect(compareBytes(key, successor)).toBeLessThan(0);
        expect(compareBytes(key, other) < 0 && compareBytes(other, successor) < 0).toBe(false);
      }),
    );
  });
});

describe('text', () => {
  test('round-trips through UTF-8, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeUtf8(encodeUtf8(text))).toBe(text);
      }),
    );
    expect(decodeUtf8(encodeUtf8('\ufeffkey'))).toBe('\ufeffkey');
  });

  test.each(['\ud800', 'a\udc00b', '\udc00\ud800'])('a lone surrogate is refused: %j', (text) => {
    expect(() => encodeUtf8(text)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
  });

  test.each([[[0xff]], [[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0x61, 0xe2, 0x82]]])(
    'bytes that are not UTF-8 are refused: %j',
    (list) => {
      expect(() => decodeUtf8(Uint8Array.from(list))).toThrow(
        expect.objectContaining({
          code: 'CLORTHO_INVALID',
          message: `bytes are not UTF-8: length=${list.length}`,
        }),
      );
    },
  );
});

test('concatenation holds all parts in order, as a copy', () => {
  const part = Uint8Array.of(1, 2);
  const whole = concatBytes([part, EMPTY_BYTES, Uint8Array.of(3)]);
  part.fill(9);
  expect(whole).toEqual(Uint8Array.of(1, 2, 3));
  expect(concatBytes([])).toEqual(EMPTY_BYTES);
});
