import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIntegers } from '../../src/column/integers.ts';
import { decodeKeys } from '../../src/column/keys.ts';
import { checkOrder } from '../../src/column/order.ts';
import { ByteSink } from '../../src/sink.ts';
import { sectionOf } from '../support/section.ts';

/** Encodes keys in any order, each with its whole length as suffix: what only a hostile writer would do. */
function encodeUnsorted(keys: readonly Uint8Array[]): Uint8Array {
  const sink = new ByteSink();
  sink.varint(0);
  const bundles = Math.ceil(keys.length / 16);
  encodeIntegers(sink, new Float64Array(bundles), bundles);
  encodeIntegers(
    sink,
    Float64Array.from(keys, (key) => key.length),
    keys.length,
  );
  for (const key of keys) sink.copy(key, 0, key.length);
  return sink.view().slice();
}

const keyArbitrary = fc
  .array(fc.constantFrom(0, 1, 255), { minLength: 1, maxLength: 6 })
  .map((bytes) => Uint8Array.from(bytes));

describe('the order of rows (R7)', () => {
  it('is refused exactly where keys descend or timestamps of a key do not', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(keyArbitrary, fc.nat(3)), { minLength: 1, maxLength: 5 }), (rows) => {
        const keys = rows.map(([key]) => key);
        const times = Float64Array.from(rows, ([, timestamp]) => timestamp);
        const section = sectionOf(encodeUnsorted(keys));
        const decoded = decodeKeys(section, keys.length, 100);
        const ordered = rows.every(([key, timestamp], row) => {
          const before = rows[row - 1];
          if (before === undefined) return true;
          const order = compareBytes(before[0], key);
          return order < 0 || (order === 0 && before[1] > timestamp);
        });
        const check = () => checkOrder(section, decoded, { values: times, constant: 0 });
        if (ordered) expect(check).not.toThrow();
        else expect(check).toThrow(expect.objectContaining({ code: 'CLORTHO_CORRUPT' }));
      }),
      { numRuns: 2000 },
    );
  });
});
