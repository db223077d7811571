import { compareBytes, concatBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIntegers } from '../../src/column/integers.ts';
import { encodeKeyList } from '../../src/column/key-list.ts';
import { decodeKeys, keyStartAt } from '../../src/column/keys.ts';
import { ByteSink } from '../../src/sink.ts';
import { keyArbitrary } from '../support/rows.ts';
import { sectionOf } from '../support/section.ts';

const text = new TextEncoder();

function encode(keys: readonly Uint8Array[]): Uint8Array {
  const sink = new ByteSink();
  encodeKeyList(sink, keys);
  return sink.view().slice();
}

function decode(bytes: Uint8Array, count: number): Uint8Array[] {
  const keys = decodeKeys(sectionOf(bytes), count, 65_535);
  return Array.from({ length: count }, (_, index) =>
    keys.keyBytes.slice(keyStartAt(keys, index), keyStartAt(keys, index + 1)),
  );
}

describe('a key column', () => {
  it('gives back sorted keys, repeated ones as well', () => {
    fc.assert(
      fc.property(fc.array(keyArbitrary, { maxLength: 80, size: 'max' }), (keys) => {
        const sorted = keys.sort(compareBytes);
        expect(decode(encode(sorted), sorted.length)).toEqual(sorted);
      }),
    );
  });

  it('stores another version of a key in no key bytes', () => {
    const key = text.encode('a rather long key that has many versions');
    const one = encode([key]).length;
    const many = encode(Array<Uint8Array>(160).fill(key));
    // Ten bundles instead of one, all with the block's prefix and nothing else.
    expect(many.length).toBe(one);
    expect(decode(many, 160)).toEqual(Array(160).fill(key));
  });

  it('stores what keys share once', () => {
    const keys = Array.from({ length: 256 }, (_, index) =>
      text.encode(`tenant/42/user/${String(index).padStart(8, '0')}`),
    );
    expect(encode(keys).length).toBeLessThan(concatBytes(keys).length / 6);
  });

  it('tells the first key of a bundle that equals the prefix from a repeated key', () => {
    const keys = ['', '', 'a', 'a', 'aa', 'b'].map((key) => text.encode(key));
    expect(decode(encode(keys), keys.length)).toEqual(keys);
  });

  it('does not expand beyond the bound of a block', () => {
    // 2,100 rows that all repeat the longest key: a few bytes that would become 137 MB.
    const sink = new ByteSink();
    sink.varint(65_535);
    encodeIntegers(sink, new Float64Array(132), 132);
    encodeIntegers(sink, new Float64Array(2100), 2100);
    sink.reserve(65_535);
    expect(() => decode(sink.view(), 2100)).toThrow(/more than the bound of a block/);
  });
});
