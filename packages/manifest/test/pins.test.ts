import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePinObject,
  decodePins,
  encodePinObject,
  encodePins,
  PIN_RECORD,
  PINS_PREFIX,
  PINS_RECORD,
  type Pins,
  pinObjectKey,
  pinsKey,
} from '../src/pins.ts';
import { encodeRecord } from '../src/record.ts';
import { codeOf, expectDamageRefused } from './support/damage.ts';
import { fileId } from './support/entries.ts';

const pins: fc.Arbitrary<Pins> = fc.record({
  beat: fc.maxSafeNat(),
  ended: fc.boolean(),
  hold: fc.boolean(),
  pins: fc.array(
    fc.record({
      id: fc.nat().map(fileId),
      times: fc.array(fc.tuple(fc.nat(999_999), fc.maxSafeNat()), { maxLength: 4 }),
    }),
    { maxLength: 4 },
  ),
});

describe('pins', () => {
  it('come back as they were encoded', () => {
    fc.assert(
      fc.property(pins, (drawn) => {
        expect(decodePins(encodePins(drawn), 'here')).toEqual(drawn);
      }),
    );
  });

  it('refuse damage, malformed fields and a newer format', () => {
    const bytes = encodePins({
      beat: 1,
      ended: false,
      hold: true,
      pins: [{ id: fileId(1), times: [[0, 5]] }],
    });
    const decode = (damaged: Uint8Array): unknown => decodePins(damaged, 'here');
    expectDamageRefused(bytes, decode);
    for (const body of [
      [],
      [1, 0, true, []],
      [1, true, true, [['x']]],
      [1, true, true, [['x', [[0]]]]],
      null,
    ]) {
      expect(codeOf(() => decode(encodeRecord(PINS_RECORD, body)))).toBe('CLORTHO_CORRUPT');
    }
    const newer = encodeRecord({ ...PINS_RECORD, version: 2 }, []);
    expect(codeOf(() => decode(newer))).toBe('CLORTHO_UNSUPPORTED');
  });

  it('have a register per session and an object per pin', () => {
    expect(pinsKey('a-session')).toBe(`${PINS_PREFIX}a-session`);
    expect(pinObjectKey(fileId(1))).toBe(`pin/${fileId(1)}.pin`);
  });
});

describe('pin objects', () => {
  it('give copies of the heads that they keep', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (heads) => {
        const bytes = encodePinObject(heads);
        const decoded = decodePinObject(bytes, 'here');
        bytes.fill(0);
        expect(decoded).toEqual(heads);
      }),
    );
  });

  it('refuse damage, malformed fields and a newer format', () => {
    const decode = (damaged: Uint8Array): unknown => decodePinObject(damaged, 'here');
    expectDamageRefused(encodePinObject([Uint8Array.of(1, 2), Uint8Array.of(3)]), decode);
    for (const body of [[], ['heads'], [['head']], [[], []]]) {
      expect(codeOf(() => decode(encodeRecord(PIN_RECORD, body)))).toBe('CLORTHO_CORRUPT');
    }
    const newer = encodeRecord({ ...PIN_RECORD, version: 2 }, []);
    expect(codeOf(() => decode(newer))).toBe('CLORTHO_UNSUPPORTED');
  });
});
