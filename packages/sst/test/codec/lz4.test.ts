import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lz4Native, lz4Portable } from '../../src/codec/lz4.ts';
import { lz4Compress } from '../../src/codec/lz4-compress.ts';
import { lz4Decompress } from '../../src/codec/lz4-decompress.ts';

/** Bytes with repeats near and far, long runs, and noise. */
const bytesArbitrary = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.nat(255), fc.integer({ min: 1, max: 700 }))
        .map(([byte, length]) => new Uint8Array(length).fill(byte)),
      fc.constant(new TextEncoder().encode('the same phrase again and again, ')),
      fc.constant(Uint8Array.from({ length: 3000 }, (_, index) => (index * index * 31) >> 3)),
    ),
    { maxLength: 60, size: 'max' },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

/** Compares arrays quickly. */
function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

describe('the portable LZ4 codec', () => {
  it('gives back what it compressed', () => {
    fc.assert(
      fc.property(bytesArbitrary, (raw) => same(lz4Decompress(lz4Compress(raw), raw.length), raw)),
      { numRuns: 300 },
    );
  });

  it('compresses what repeats, beyond a window of 64 KiB as well', () => {
    const page = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7919) >> 5);
    const raw = new Uint8Array(300_000);
    for (let at = 0; at < raw.length; at += page.length) raw.set(page, at);
    const stored = lz4Compress(raw);
    expect(stored.length).toBeLessThan(4000);
    expect(same(lz4Decompress(stored, raw.length), raw)).toBe(true);
  });

  it('expands noise by little', () => {
    let state = 1;
    const raw = Uint8Array.from(
      { length: 100_000 },
      () => (state = (Math.imul(state, 1103515245) + 12345) | 0) >>> 24,
    );
    const stored = lz4Compress(raw);
    expect(stored.length).toBeLessThanOrEqual(raw.length + raw.length / 255 + 16);
    expect(same(lz4Decompress(stored, raw.length), raw)).toBe(true);
  });

  it('throws on anything else, without reading or writing out of bounds', () => {
    fc.assert(
      fc.property(
        bytesArbitrary,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
        fc.nat(2000),
        (raw, edits, cut) => {
          const stored = lz4Compress(raw).slice();
          for (const [at, byte] of edits) stored[at % stored.length] = byte;
          try {
            const result = lz4Decompress(stored.subarray(0, Math.max(0, stored.length - cut)), raw.length);
            expect(result.length).toBe(raw.length);
          } catch (error) {
            expect(String(error)).toMatch(/^Error: lz4 /);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.runIf(lz4Native !== undefined)('and the native one read each other', () => {
    const native = lz4Native ?? lz4Portable;
    fc.assert(
      fc.property(bytesArbitrary, (raw) => {
        expect(same(lz4Portable.decompress(native.compress(raw), raw.length), raw)).toBe(true);
        expect(same(native.decompress(lz4Portable.compress(raw), raw.length), raw)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
