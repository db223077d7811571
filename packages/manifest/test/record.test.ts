import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, type RecordKind } from '../src/record.ts';
import { codeOf, expectDamageRefused, sealed } from './support/damage.ts';

const kind: RecordKind = { magic: 'CLxx', version: 3, name: 'example' };

describe('record', () => {
  it('returns what was encoded, wherever the bytes lie', () => {
    const body = fc.array(fc.oneof(fc.maxSafeNat(), fc.string(), fc.boolean(), fc.constant(null)));
    fc.assert(
      fc.property(body, fc.nat(20), (value, offset) => {
        const bytes = encodeRecord(kind, value);
        const room = new Uint8Array(offset + bytes.length + 7);
        room.set(bytes, offset);
        expect(decodeRecord(kind, room.subarray(offset, offset + bytes.length), 'here')).toEqual(value);
      }),
    );
  });

  it('refuses cuts, flipped bits and trailing bytes', () => {
    const bytes = encodeRecord(kind, ['a', 1, [true, null], Uint8Array.of(1, 2, 3)]);
    expectDamageRefused(bytes, (damaged) => decodeRecord(kind, damaged, 'here'));
  });

  it('refuses another kind as damage and another version as unsupported', () => {
    const bytes = encodeRecord(kind, []);
    expect(codeOf(() => decodeRecord({ ...kind, magic: 'CLyy' }, bytes, 'here'))).toBe('CLORTHO_CORRUPT');
    for (const version of [0, 2, 4, 255]) {
      const other = encodeRecord({ ...kind, version }, []);
      expect(codeOf(() => decodeRecord(kind, other, 'here'))).toBe('CLORTHO_UNSUPPORTED');
    }
    expect(() => decodeRecord(kind, encodeRecord({ ...kind, version: 4 }, []), 'here')).toThrow(
      'example has another format, upgrade to read it: at=here found=4 supported=3',
    );
  });

  it('survives bodies that are no MessagePack', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (body) => {
        const bytes = sealed(Uint8Array.of(...encodeRecord(kind, null).subarray(0, 9), ...body));
        expect([undefined, 'CLORTHO_CORRUPT']).toContain(codeOf(() => decodeRecord(kind, bytes, 'here')));
      }),
      { numRuns: 500 },
    );
  });
});
