import { isClorthoError } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope } from '../src/envelope.ts';

const registers = fc.record({
  key: fc.string({ minLength: 1, unit: 'grapheme' }),
  version: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  value: fc.uint8Array({ maxLength: 300 }),
});

describe('envelope', () => {
  it('keeps its bytes', () => {
    const bytes = encodeEnvelope({ key: 'head/1', version: 300, value: new Uint8Array([1, 2, 3]) });
    expect(Buffer.from(bytes).toString('hex')).toBe('434c524701ac020102037d6f722e');
  });

  it('returns what was put in', () => {
    fc.assert(
      fc.property(registers, (register) => {
        expect(decodeEnvelope(register.key, encodeEnvelope(register))).toEqual(register);
      }),
    );
  });

  it('is refused when cut, changed or found under another key', () => {
    fc.assert(
      fc.property(registers, fc.nat(), fc.integer({ min: 1, max: 255 }), (register, place, flip) => {
        const bytes = encodeEnvelope(register);
        const changed = bytes.slice();
        const index = place % bytes.length;
        changed[index] = (changed[index] as number) ^ flip;
        expectCorrupt(() => decodeEnvelope(register.key, changed));
        expectCorrupt(() => decodeEnvelope(register.key, bytes.subarray(0, index)));
        expectCorrupt(() => decodeEnvelope(`${register.key}x`, bytes));
      }),
    );
  });
});

function expectCorrupt(decode: () => unknown): void {
  expect(decode).toThrow(expect.toSatisfy((error: unknown) => isClorthoError(error, 'CLORTHO_CORRUPT')));
}
