import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PUT, type Row } from '../../src/row.ts';
import { encodeBatch } from '../../src/writer/encode-batch.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { rangeDeletesArbitrary, rowsArbitrary } from '../support/rows.ts';

describe('a batch in any order', () => {
  it('becomes the file of its sorted rows', () => {
    fc.assert(
      fc.property(
        rowsArbitrary(150).chain((rows) =>
          fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
        ),
        rangeDeletesArbitrary,
        ([sorted, shuffled], rangeDeletes) => {
          const options = { codec: 'none', rangeDeletes } as const;
          expect(Buffer.compare(encodeBatch(shuffled, options).bytes, encodeSst(sorted, options).bytes)).toBe(
            0,
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps the last of the rows with one key and timestamp', () => {
    const key = new TextEncoder().encode('key');
    const rows = [3, 5, 3, 5, 4].map(
      (timestamp, at): Row => ({ key, timestamp, kind: PUT, value: Uint8Array.of(at) }),
    );
    const at = (place: number): Row => rows[place] as Row;
    const { bytes } = encodeBatch(rows);
    expect(bytes).toEqual(encodeSst([at(3), at(4), at(2)]).bytes);
    const alike = encodeBatch(rows, { timestamps: 'absent' });
    expect(alike.bytes).toEqual(encodeSst([at(4)], { timestamps: 'absent' }).bytes);
  });
});
