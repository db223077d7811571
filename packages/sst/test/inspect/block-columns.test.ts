import { ClorthoError } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BlockColumns, ReadableBlock } from '../../src/inspect/read-block-columns.ts';
import type { BlockColumn, BlockColumnName } from '../../src/inspect/walk-block.ts';
import { Sst } from '../../src/reader/sst.ts';
import { PUT, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { withBlock } from '../support/forge.ts';
import { readGolden } from '../support/golden.ts';
import { rowsArbitrary } from '../support/rows.ts';
import { sourceOf } from '../support/sources.ts';

const text = new TextEncoder();

async function columnsOf(sst: Sst): Promise<BlockColumns[]> {
  const blocks: BlockColumns[] = [];
  for await (const block of sst.blockColumns()) blocks.push(block);
  return blocks;
}

async function readableOf(sst: Sst): Promise<ReadableBlock[]> {
  return (await columnsOf(sst)).map((block) => {
    if (block.damage !== undefined) throw block.damage;
    return block;
  });
}

function columnOf({ columns }: ReadableBlock, name: BlockColumnName): BlockColumn {
  return columns.find((column) => column.name === name) as BlockColumn;
}

describe('the columns of a block', () => {
  it('are those of the example of the format', async () => {
    const rows: Row[] = [
      { key: text.encode('ant'), timestamp: 20, kind: PUT, value: text.encode('two') },
      { key: text.encode('ant'), timestamp: 10, endTimestamp: 20, kind: PUT, value: text.encode('one') },
      { key: text.encode('bee'), timestamp: 15, kind: 1, value: new Uint8Array(0) },
    ];
    const [block] = await readableOf(Sst.openBytes(encodeSst(rows, { codec: 'none', salt: 1 }).bytes));
    expect(block).toEqual({
      ordinal: 0,
      damage: undefined,
      codec: 'none',
      keys: 2,
      expandedKeyBytes: 9,
      columns: [
        { name: 'rowCount', bytes: 1, width: undefined },
        { name: 'timestamps', bytes: 5, width: 1 },
        { name: 'ends', bytes: 23, width: 7 },
        { name: 'kinds', bytes: 4, width: 1 },
        { name: 'valueLengths', bytes: 4, width: 1 },
        { name: 'keyPrefixes', bytes: 2, width: 0 },
        { name: 'keySuffixes', bytes: 4, width: 1 },
        { name: 'keyBytes', bytes: 6, width: undefined },
        { name: 'values', bytes: 6, width: undefined },
      ],
    });
  });

  it('tile every block of any file, and count its keys and values', async () => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary(), fc.constantFrom(60, 400, 32_768), async (rows, blockBytes) => {
        const { bytes, summary } = encodeSst(rows, { blockBytes });
        const sst = Sst.open(sourceOf(bytes), { size: bytes.length });
        const blocks = await readableOf(await sst);
        const table = (await sst).blockTable();
        expect(blocks.map(({ columns }) => columns.reduce((sum, column) => sum + column.bytes, 0))).toEqual(
          table.map(({ rawBytes }) => rawBytes),
        );
        const sum = (count: (block: ReadableBlock) => number): number =>
          blocks.reduce((total, block) => total + count(block), 0);
        const distinct = new Set(rows.map(({ key }) => Buffer.from(key).toString('hex')));
        expect(sum(({ keys }) => keys)).toBe(distinct.size);
        const values = sum((block) => columnOf(block, 'values').bytes);
        expect(values).toBe(rows.reduce((total, { value }) => total + value.length, 0));
        expect(sum(({ expandedKeyBytes }) => expandedKeyBytes) + values).toBe(summary.rawBytes);
      }),
      { numRuns: 60 },
    );
  });

  it('have every width from 0 to 8 in the golden file of integers', async () => {
    const { bytes } = readGolden('v1').find(({ name }) => name === 'integers') as { bytes: Uint8Array };
    const blocks = await readableOf(Sst.openBytes(bytes));
    for (const name of ['timestamps', 'ends'] as const) {
      const widths = new Set(blocks.map((block) => columnOf(block, name).width));
      expect(widths).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]));
    }
  });

  it('cost nothing where a file stores no timestamps', async () => {
    const found = readGolden('v1').find(({ name }) => name === 'timestamps-absent');
    const blocks = await readableOf(Sst.openBytes(found?.bytes as Uint8Array, { timestamp: 0 }));
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) expect(columnOf(block, 'timestamps')).toMatchObject({ bytes: 1, width: 0 });
  });

  it('a file without rows has none', async () => {
    expect(await columnsOf(Sst.openBytes(encodeSst([]).bytes))).toEqual([]);
  });
});

describe('a damaged block', () => {
  const rows: Row[] = Array.from({ length: 40 }, (_, at) => ({
    key: text.encode(`key ${at}`.padEnd(12)),
    timestamp: at,
    kind: PUT,
    value: new Uint8Array(20).fill(at),
  }));
  rows.sort((left, right) => Buffer.compare(left.key, right.key));
  const { bytes } = encodeSst(rows, { codec: 'none', blockBytes: 300 });
  const table = Sst.openBytes(bytes).blockTable();
  const { offset, bytes: storedBytes } = table[2] as { offset: number; bytes: number };

  it('is told with its offset, and the others are read all the same', async () => {
    const damaged = bytes.slice();
    damaged[offset + 4] = (damaged[offset + 4] as number) ^ 0x10;
    const blocks = await columnsOf(Sst.openBytes(damaged, { name: 'hurt.sst' }));
    expect(blocks).toHaveLength(table.length);
    expect(blocks.filter(({ damage }) => damage !== undefined).map(({ ordinal }) => ordinal)).toEqual([2]);
    expect(blocks[2]?.damage?.message).toBe(`block checksum mismatch: file=hurt.sst offset=${offset}`);
  });

  it('is told when its checksum matches and its columns do not fit', async () => {
    const forged = withBlock(bytes, { offset, storedBytes }, (stored) => stored.fill(9, 1, 2));
    const [, , block] = await columnsOf(Sst.openBytes(forged));
    expect(block?.damage?.message).toContain('bad column width');
  });

  it('is not confused with a source that fails', async () => {
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, { size: bytes.length });
    source.read = () => Promise.reject(new ClorthoError('CLORTHO_UNAVAILABLE', 'no answer'));
    await expect(columnsOf(sst)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
  });

  it('is not looked for after an abort', async () => {
    const iterator = Sst.openBytes(bytes).blockColumns(AbortSignal.abort());
    await expect(iterator.next()).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
  });
});
