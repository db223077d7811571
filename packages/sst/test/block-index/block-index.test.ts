import { beforeAll, describe, expect, it } from 'vitest';
import { minMax } from '../../src/collector/min-max.ts';
import { decodeFooter, FEATURE_INDEX_PARTITIONED } from '../../src/file/footer.ts';
import { BLOCK_BYTES_MAX } from '../../src/limits.ts';
import { Sst } from '../../src/reader/sst.ts';
import { PUT, ROW, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { sourceOf } from '../support/sources.ts';
import { settled } from '../support/walk.ts';

const text = new TextEncoder();
const collectors = [minMax('first', { type: 'uint8', offset: 0 })];
const rows: Row[] = Array.from({ length: 3000 }, (_, index) => ({
  key: text.encode(`key ${String(index >> 1).padStart(6, '0')}`),
  timestamp: 10_000 - index,
  kind: PUT,
  value: new Uint8Array(40).fill(index),
}));

function isPartitioned(bytes: Uint8Array): boolean {
  const footer = decodeFooter(bytes.subarray(bytes.length - 64), bytes.length, 'test', BLOCK_BYTES_MAX);
  return (footer.required & FEATURE_INDEX_PARTITIONED) !== 0;
}

describe('an index', () => {
  let large: Uint8Array;
  beforeAll(() => {
    large = encodeSst(rows, { blockBytes: 500, indexPartitionBytes: 1000, collectors }).bytes;
  });

  it('is partitioned above its size (R24), else it is one list', () => {
    expect(isPartitioned(large)).toBe(true);
    expect(isPartitioned(encodeSst(rows, { blockBytes: 500 }).bytes)).toBe(false);
  });

  it('of partitions has the same table of blocks as one without', () => {
    const plain = encodeSst(rows, { blockBytes: 500, collectors }).bytes;
    const table = Sst.openBytes(large, { collectors }).blockTable();
    expect(table.length).toBeGreaterThan(200);
    expect(table).toEqual(Sst.openBytes(plain, { collectors }).blockTable());
  });

  it('of partitions costs a point read no third read', async () => {
    const source = sourceOf(large);
    const { summary } = Sst.openBytes(large);
    const sst = await Sst.open(source, { size: large.length, tailBytes: summary.tailBytes });
    const cursor = sst.cursor();
    const { key, timestamp } = rows[2001] as Row;
    expect(await settled(cursor, cursor.seek(key, timestamp))).toBe(ROW);
    expect(cursor.timestamp).toBe(timestamp);
    expect(source.reads.length).toBe(2);
  });

  it('of partitions is decoded where it is needed', () => {
    const whole = Sst.openBytes(large);
    const cursor = whole.cursor();
    for (let at = rows.length - 1; at >= 0; at -= 97) {
      const { key, timestamp } = rows[at] as Row;
      expect(cursor.seek(key, timestamp)).toBe(ROW);
      expect(cursor.timestamp).toBe(timestamp);
    }
  });

  it('that was damaged anywhere is found at opening, whichever partition it is', () => {
    const { summary } = Sst.openBytes(large);
    for (let at = large.length - summary.tailBytes; at < large.length; at += 37) {
      const bytes = large.slice();
      bytes[at] = (bytes[at] as number) ^ 0x10;
      expect(() => Sst.openBytes(bytes)).toThrow(/CLORTHO_|checksum|magic/);
    }
  });
});

describe('a file that claims more than the reader allows', () => {
  it('is refused before anything is allocated', () => {
    const { bytes } = encodeSst(rows, { blockBytes: 100_000, codec: 'deflate' });
    const sst = Sst.openBytes(bytes, { maxBlockBytes: 120_000 });
    expect(sst.cursor().seekFirst()).toBe(ROW);
    expect(() => Sst.openBytes(bytes, { maxBlockBytes: 50_000 }).cursor().seekFirst()).toThrow(
      expect.objectContaining({ code: 'CLORTHO_CORRUPT' }),
    );
  });
});
