/** Cursors that read ahead on one file: what one of them holds, another need not read. */

import { encodeUtf8 } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import {
  BLOCKED,
  type Block,
  type BlockCache,
  END,
  encodeSst,
  PUT,
  type Row,
  Sst,
  type SstCursor,
} from '../../src/index.ts';

const ROWS = 2000;

async function newScene(): Promise<{ sst: Sst; reads: () => number; damage: (length: number) => void }> {
  const rows = Array.from(
    { length: ROWS },
    (_, row): Row => ({
      key: encodeUtf8(`key-${String(row).padStart(5, '0')}`),
      timestamp: 1,
      kind: PUT,
      value: encodeUtf8(`${row}`.repeat(10)),
    }),
  );
  const { bytes } = encodeSst(rows, { blockBytes: 1024, codec: 'none' });
  let count = 0;
  let damaged = Number.POSITIVE_INFINITY;
  const source = {
    read: (offset: number, length: number) => {
      count += 1;
      const read = bytes.slice(offset, offset + length);
      if (length > damaged) read.fill(0, damaged);
      return Promise.resolve(read);
    },
  };
  const blocks = new Map<number, Block>();
  const cache: BlockCache = {
    get: (key) => blocks.get(key),
    load: async (key, load) => {
      const block = blocks.get(key) ?? (await load());
      blocks.set(key, block);
      return block;
    },
    set: (key, block) => void blocks.set(key, block),
  };
  const size = bytes.length;
  const sst = await Sst.open(source, { size, cache: { cache, file: 0 }, readAheadBytesMax: 64 * 1024 });
  const damage = (length: number): void => void (damaged = length);
  return { sst, reads: () => count, damage };
}

/** Moves on by so many rows, or to the end; returns the key. */
async function moveOn(cursor: SstCursor, rows: number): Promise<string> {
  for (let moved = 0; moved < rows; ) {
    let step = cursor.next();
    while (step === BLOCKED) step = await cursor.load();
    if (step === END) return 'end';
    moved += 1;
  }
  return Buffer.from(cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd)).toString();
}

async function begin(sst: Sst): Promise<SstCursor> {
  const cursor = sst.cursor();
  if (cursor.seekFirst() === BLOCKED) await cursor.load();
  return cursor;
}

describe('a stretch that a cursor holds', () => {
  it('is there for another that comes to its blocks first, and for nobody when its holder is done', async () => {
    const { sst, reads } = await newScene();
    const [slow, fast] = [await begin(sst), await begin(sst)];
    expect(await moveOn(slow, 300)).toBe('key-00300');
    const before = reads();
    // Some blocks on, which the slow one has read and not come to.
    expect(await moveOn(fast, 350)).toBe('key-00350');
    expect(reads()).toBe(before);
    expect(await moveOn(slow, 50)).toBe('key-00350');
    expect(reads()).toBe(before);
    expect(await moveOn(fast, ROWS)).toBe('end');
    const all = reads();
    expect(await moveOn(slow, ROWS)).toBe('end');
    expect(reads()).toBe(all);
  });

  it('is read again by who comes after it was found damaged, although its holder has not let go', async () => {
    const { sst, damage } = await newScene();
    damage(3000);
    const unlucky = await begin(sst);
    await expect(moveOn(unlucky, ROWS)).rejects.toThrow('checksum');
    damage(Number.POSITIVE_INFINITY);
    expect(await moveOn(await begin(sst), ROWS)).toBe('end');
  });

  it('does not change what the others see', async () => {
    const { sst } = await newScene();
    const cursors = await Promise.all(Array.from({ length: 6 }, () => begin(sst)));
    const places = cursors.map(() => 0);
    for (let turn = 0; turn < 200; turn += 1) {
      const which = (turn * 7) % cursors.length;
      const rows = 1 + ((turn * 31) % 40);
      const place = (places[which] as number) + rows;
      places[which] = place;
      const expected = place < ROWS ? `key-${String(place).padStart(5, '0')}` : 'end';
      expect(await moveOn(cursors[which] as SstCursor, rows)).toBe(expected);
      if (turn % 50 === 49) cursors[which]?.release();
      if (turn % 50 === 49) [cursors[which], places[which]] = [await begin(sst), 0];
    }
  });
});
