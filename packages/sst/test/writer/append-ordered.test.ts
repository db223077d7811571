import { ClorthoError } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Block } from '../../src/block/block.ts';
import { WorkMemory } from '../../src/block/work-memory.ts';
import { minMax } from '../../src/collector/min-max.ts';
import { Sst } from '../../src/reader/sst.ts';
import { ROW } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { SstWriter } from '../../src/writer/sst-writer.ts';
import type { SstWriterOptions } from '../../src/writer/writer-options.ts';
import { rowsArbitrary } from '../support/rows.ts';

const collectors = [minMax('timestamps', ({ timestamp }) => timestamp)];

describe('appending the rows of blocks', () => {
  it('gives the bytes that appending them one by one gives, whichever memory they are in', () => {
    fc.assert(
      fc.property(
        rowsArbitrary(60),
        fc.constantFrom(1, 100, 1000, 32_768),
        fc.constantFrom('stored', 'absent'),
        fc.constantFrom(undefined, 1, 300, 2000, 1_000_000),
        fc.boolean(),
        (versions, blockBytes, timestamps, chunkBytes, isSame) => {
          const rows = versions.filter((row, index) => index === 0 || !hasKeyOf(row, versions[index - 1]));
          const options: SstWriterOptions = { blockBytes, timestamps, collectors, codec: 'none' };
          const expected = encodeSst(rows, options);
          const memory = chunkBytes === undefined ? undefined : new WorkMemory(chunkBytes);
          const writer = new SstWriter({ ...options, memory: isSame ? memory : new WorkMemory(500) });
          const cursor = Sst.openBytes(expected.bytes, { timestamp: 5 }).cursor({ memory });
          // Every other row comes the other way: the two may be mixed.
          for (let step = cursor.seekFirst(), odd = false; step === ROW; step = cursor.next(), odd = !odd) {
            if (odd) writer.appendFrom(cursor);
            else writer.appendOrdered(cursor.block as Block, cursor.row);
          }
          const summary = writer.finish();
          expect(Buffer.concat(writer.take()).equals(expected.bytes)).toBe(true);
          expect(summary).toEqual(expected.summary);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is refused after the end', () => {
    const { bytes } = encodeSst([{ key: Uint8Array.of(1), timestamp: 1, kind: 0, value: Uint8Array.of(2) }]);
    const cursor = Sst.openBytes(bytes).cursor();
    cursor.seekFirst();
    const writer = new SstWriter();
    writer.appendOrdered(cursor.block as Block, cursor.row);
    writer.finish();
    expect(() => writer.appendOrdered(cursor.block as Block, cursor.row)).toThrow(ClorthoError);
  });
});

function hasKeyOf(row: { key: Uint8Array }, other: { key: Uint8Array } | undefined): boolean {
  return other !== undefined && Buffer.compare(row.key, other.key) === 0;
}
