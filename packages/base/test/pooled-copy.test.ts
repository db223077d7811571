import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pooledCopy } from '../src/pooled-copy.ts';

describe('a pooled copy', () => {
  it('is equal to its source and keeps its bytes whatever happens to source and other copies', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 60 }), (sizes) => {
        const made = sizes.map(([length, byte]) => {
          const source = new Uint8Array(length + 2).fill(byte);
          const copy = pooledCopy(source, 1, length + 1);
          source.fill(byte + 1);
          return { copy, length, byte };
        });
        for (const { copy, length, byte } of made) {
          expect(copy.length).toBe(length);
          expect(copy.every((found) => found === byte)).toBe(true);
          copy.fill(0xaa);
          copy.fill(byte);
        }
      }),
    );
  });

  it('cannot be taken away by a transfer of its memory', () => {
    const copy = pooledCopy(new Uint8Array(200).fill(7), 0, 200);
    const { port1, port2 } = new MessageChannel();
    // Depending on the runtime the transfer becomes a copy or fails; the bytes stay here either way.
    try {
      port1.postMessage(copy, [copy.buffer as ArrayBuffer]);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    port2.close();
    expect(copy.length).toBe(200);
    expect(copy[199]).toBe(7);
  });
});
