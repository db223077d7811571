import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, EMPTY_BYTES, encodeUtf8, type Hash64, hash32, hashBytes } from '../src/index.ts';

function hash(bytes: Uint8Array): readonly [low: number, high: number] {
  const out: Hash64 = { low: 0, high: 0 };
  hashBytes(bytes, 0, bytes.length, out);
  return [out.low, out.high];
}

// Filters in stored files hold these values: a change here would lose keys.
test.each([
  ['', 0xabf4ff63, 0xdf6073e5],
  ['a', 0x4755b158, 0x906ca08a],
  ['ab', 0x8e1c21a6, 0x000484bc],
  ['abc', 0xbdce4bdf, 0x92e04d05],
  ['abcd', 0x5e158575, 0xf16d57ba],
  ['user/1', 0xfb02bdc4, 0x1e3c294e],
  ['The quick brown fox jumps over the lazy dog', 0x91d90f67, 0x643381ee],
])('the hash of %j is pinned', (text, low, high) => {
  expect(hash(encodeUtf8(text))).toEqual([low, high]);
});

test('a slice hashes like a copy of it', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (before, bytes, after) => {
      const out: Hash64 = { low: 0, high: 0 };
      hashBytes(concatBytes([before, bytes, after]), before.length, before.length + bytes.length, out);
      expect([out.low, out.high]).toEqual(hash(bytes));
      expect(hash32(bytes)).toBe(out.low);
    }),
  );
});

test('both halves are unsigned 32-bit integers', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      for (const half of hash(bytes)) expect(half).toBe(half >>> 0);
    }),
  );
});

test('zero bytes at the end count', () => {
  const seen = new Set<string>();
  for (let length = 0; length < 64; length += 1) seen.add(hash(new Uint8Array(length)).join());
  expect(seen.size).toBe(64);
});

test('counters have no collision in 64 bits, and about as few in 32 as chance gives', () => {
  const seen = new Set<number>();
  const both = new Set<string>();
  const key = new Uint8Array(8);
  const view = new DataView(key.buffer);
  const keys = 200_000;
  for (let index = 0; index < keys; index += 1) {
    view.setUint32(4, index);
    const [low, high] = hash(key);
    seen.add(low);
    both.add(`${low}/${high}`);
  }
  expect(both.size).toBe(keys);
  // Expected collisions: keys^2 / 2^33, here 4.7.
  expect(keys - seen.size).toBeLessThan(20);
});

test('a flipped input bit flips about half of the output bits', () => {
  const flips = new Float64Array(64);
  const rounds = 512;
  for (let round = 0; round < rounds; round += 1) {
    const bytes = encodeUtf8(`key/${round}/with a tail`);
    const before = hash(bytes);
    bytes[round % bytes.length] = bytes[round % bytes.length]! ^ (1 << (round & 7));
    const after = hash(bytes);
    for (let bit = 0; bit < 64; bit += 1) {
      const half = bit < 32 ? 0 : 1;
      if (((before[half] ^ after[half]) >>> (bit & 31)) & 1) flips[bit] = flips[bit]! + 1;
    }
  }
  // 256 expected per bit; 7 standard deviations around it.
  expect(Math.min(...flips)).toBeGreaterThan(rounds / 2 - 80);
  expect(Math.max(...flips)).toBeLessThan(rounds / 2 + 80);
  expect(hash(EMPTY_BYTES)).not.toEqual([0, 0]);
});
