import { isClorthoError } from '@clortho/base';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CodecName } from '../../src/codec/codec.ts';
import { codecNames } from '../../src/codec/registry.ts';
import { minMax } from '../../src/collector/min-max.ts';
import { Sst } from '../../src/reader/sst.ts';
import { DELETE, PUT, ROW, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { rowAt, textOf } from '../support/rows.ts';

const collectors = [minMax('size', { type: 'uint8', offset: 0 })];
const text = new TextEncoder();
const rows: Row[] = Array.from({ length: 24 }, (_, index) => ({
  key: text.encode(`key ${String(index >> 1).padStart(3, '0')}`),
  timestamp: 1000 - index,
  endTimestamp: 2000,
  kind: index % 7 === 0 ? DELETE : PUT,
  value: index % 7 === 0 ? new Uint8Array(0) : new Uint8Array(20).fill(index),
}));
const rangeDeletes = [{ start: text.encode('a'), end: text.encode('b'), timestamp: 5 }];

/** Everything that a reader can ask of a file, as text. */
function readAll(bytes: Uint8Array): string {
  const sst = Sst.openBytes(bytes, { collectors, name: 'damaged.sst' });
  const parts: string[] = [JSON.stringify([sst.statistics, sst.rangeDeletes, sst.blockTable(), sst.summary])];
  const cursor = sst.cursor();
  for (let step = cursor.seekFirst(); step === ROW; step = cursor.next()) parts.push(textOf(rowAt(cursor)));
  for (let step = cursor.seekLast(); step === ROW; step = cursor.previous())
    parts.push(textOf(rowAt(cursor)));
  return parts.join('\n');
}

const kinds: [CodecName, number][] = [
  ...codecNames.map((codec): [CodecName, number] => [codec, 131_072]),
  ['lz4', 100],
];

describe.each(kinds)(
  'a file with codec %s and index partitions of %i bytes',
  (codec, indexPartitionBytes) => {
    let whole: Uint8Array;
    let expected: string;
    beforeAll(() => {
      const shape = { codec, blockBytes: 300, indexPartitionBytes };
      whole = encodeSst(rows, { ...shape, salt: 0xdeadbeef, collectors, rangeDeletes }).bytes;
      expected = readAll(whole);
    });

    it('cut at any length is refused', () => {
      for (let length = 0; length < whole.length; length += 1) {
        expect(() => readAll(whole.subarray(0, length)), `length ${length}`).toThrow(
          expect.objectContaining({ code: 'CLORTHO_CORRUPT' }),
        );
      }
    });

    it('with any bit flipped is refused or read right', () => {
      let refused = 0;
      for (let bit = 0; bit < whole.length * 8; bit += 1) {
        const bytes = whole.slice();
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        try {
          if (readAll(bytes) !== expected) expect.fail(`bit ${bit} changed the rows`);
        } catch (error) {
          if (!isClorthoError(error)) throw error;
          if (error.code !== 'CLORTHO_CORRUPT' && error.code !== 'CLORTHO_UNSUPPORTED') throw error;
          refused += 1;
        }
      }
      // Checksums cover every bit: none is without consequence.
      expect(refused).toBe(whole.length * 8);
    });

    it('with bytes lost or added in the middle is refused', () => {
      for (let at = 0; at < whole.length; at += 7) {
        const lost = Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
        const added = Buffer.concat([whole.subarray(0, at), Uint8Array.of(0), whole.subarray(at)]);
        for (const bytes of [lost, added]) {
          expect(() => readAll(new Uint8Array(bytes))).toThrow(
            expect.objectContaining({ code: 'CLORTHO_CORRUPT' }),
          );
        }
      }
    });

    it('names the file and the offset of the damage', async () => {
      const bytes = whole.slice();
      const [, second] = Sst.openBytes(whole).blockTable();
      const offset = second?.offset as number;
      bytes[offset + 3] = (bytes[offset + 3] as number) ^ 4;
      const sst = Sst.openBytes(bytes, { name: 'damaged.sst' });
      await expect(sst.verify()).rejects.toThrow(
        `block checksum mismatch: file=damaged.sst offset=${offset}`,
      );
    });
  },
);

describe('valid blocks in the wrong place', () => {
  const alike: Row[] = rows.map((row) => ({ ...row, kind: PUT, value: new Uint8Array(20) }));
  const write = (salt: number) => encodeSst(alike, { codec: 'none', blockBytes: 300, salt }).bytes;

  it('are refused: exchanged within a file', () => {
    const bytes = write(7);
    const [left, right] = Sst.openBytes(bytes).blockTable();
    if (left === undefined || right === undefined) expect.fail('the file has two blocks');
    expect(left.bytes).toBe(right.bytes);
    const swapped = bytes.slice();
    swapped.set(bytes.subarray(right.offset, right.offset + right.bytes), left.offset);
    swapped.set(bytes.subarray(left.offset, left.offset + left.bytes), right.offset);
    expect(() => readAll(swapped)).toThrow('block checksum mismatch: file=damaged.sst offset=0');
  });

  it('are refused: taken from another file with the same rows', () => {
    const mixed = write(7);
    const [first] = Sst.openBytes(mixed).blockTable();
    mixed.set(write(8).subarray(0, first?.bytes));
    expect(() => readAll(mixed)).toThrow('block checksum mismatch: file=damaged.sst offset=0');
  });
});
