import { compareBytes, type Hash64, hashBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codecNames } from '../src/codec/registry.ts';
import { bloom } from '../src/collector/bloom.ts';
import type { CollectorDefinition } from '../src/collector/collector.ts';
import { countBy } from '../src/collector/count-by.ts';
import { distinct } from '../src/collector/distinct.ts';
import { minMax } from '../src/collector/min-max.ts';
import type { FilterOptions } from '../src/filter/filter.ts';
import { Sst } from '../src/reader/sst.ts';
import { DELETE, NEVER, PUT, type Row } from '../src/row.ts';
import { encodeSst } from '../src/writer/encode-sst.ts';
import { decodeNaively, type NaiveFile } from './naive/decode.ts';
import type { Rule } from './naive/rule.ts';
import { withBlock, withFooter } from './support/forge.ts';
import {
  keyArbitrary,
  rangeDeletesArbitrary,
  rowsArbitrary,
  textOf,
  timestampArbitrary,
} from './support/rows.ts';
import { backward, forward } from './support/walk.ts';

const collectors: readonly CollectorDefinition[] = [
  minMax('length', (row) => row.valueEnd - row.valueStart),
  countBy('kind', (row) => String(row.kind), { valuesMax: 2 }),
  distinct('times', (row) => String(row.timestamp), { precision: 4 }),
  bloom('heads', { type: 'bytes', offset: 0, length: 1 }),
];

const optionsArbitrary = fc.record({
  blockBytes: fc.constantFrom(1, 60, 200, 1000, 32_768),
  codec: fc.constantFrom(...codecNames),
  filter: fc.constantFrom<FilterOptions>(
    { family: 'split-block-bloom' },
    { family: 'split-block-bloom', bitsPerKey: 2 },
    { family: 'bloom-filters', errorRate: 0.2 },
    { family: 'binary-fuse' },
    { family: 'none' },
  ),
  collectors: fc.subarray([...collectors]),
  salt: fc.nat(0xffff_ffff),
  timestamps: fc.constantFrom<'stored' | 'absent'>('stored', 'stored', 'absent'),
  indexPartitionBytes: fc.constantFrom(1, 200, 131_072),
});

/** Rows as the file of these options can have them: without timestamps, one row per key and one timestamp. */
function rowsFor(timestamps: 'stored' | 'absent', timestamp: number, rows: readonly Row[]): readonly Row[] {
  if (timestamps === 'stored') return rows;
  const firsts = rows.filter((row, at) => at === 0 || compareBytes(row.key, (rows[at - 1] as Row).key) !== 0);
  return firsts.map((row) => ({ ...row, timestamp }));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Has the reader hand out statistics as the bytes that they are. */
function asBytes(definitions: readonly CollectorDefinition[]): CollectorDefinition[] {
  return definitions.map((definition) => ({ ...definition, decode: hex }));
}

function statisticsOf({ properties }: NaiveFile, bytes: readonly Uint8Array[]): Record<string, string> {
  const named = properties.collectors.map(({ name }, at) => [name, hex(bytes[at] as Uint8Array)] as const);
  return Object.fromEntries(named.filter(([, text]) => text !== ''));
}

describe('reader and naive decoder', () => {
  it('find the same in any file', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary(60),
        rangeDeletesArbitrary,
        timestampArbitrary,
        optionsArbitrary,
        async (anyRows, ranges, timestamp, options) => {
          const rows = rowsFor(options.timestamps, timestamp, anyRows);
          const rangeDeletes = ranges.map((range) =>
            options.timestamps === 'stored' ? range : { ...range, timestamp },
          );
          const { bytes } = encodeSst(rows, { ...options, rangeDeletes });
          const naive = decodeNaively(bytes, timestamp);
          const sst = Sst.openBytes(bytes, { timestamp, collectors: asBytes(options.collectors) });

          const cursor = sst.cursor();
          const texts = naive.blocks.flat().map(textOf);
          expect(texts).toEqual(rows.map(textOf));
          expect(await forward(cursor, cursor.seekFirst())).toEqual(texts);
          expect(await backward(cursor, cursor.seekLast())).toEqual(texts.toReversed());
          expect(
            sst.rangeDeletes.map((range) => [hex(range.start), hex(range.end), range.timestamp]),
          ).toEqual(naive.rangeDeletes.map((range) => [hex(range.start), hex(range.end), range.timestamp]));

          const { collectors: collected, minKey, maxKey, ...facts } = naive.properties;
          expect(sst.summary).toMatchObject({
            ...facts,
            bytes: bytes.length,
            tailBytes: bytes.length - naive.footer.tailOffset,
          });
          expect([sst.summary.minKey, sst.summary.maxKey].map(hex)).toEqual([minKey, maxKey].map(hex));
          const statistics = statisticsOf(
            naive,
            collected.map((one) => one.bytes),
          );
          expect(sst.statistics).toEqual(statistics);

          let offset = 0;
          const table = naive.entries.map((entry, ordinal) => {
            const { key, timestamp: _, storedBytes, statistics: ofBlock, ...shared } = entry;
            offset += storedBytes;
            const place = { ordinal, offset: offset - storedBytes, bytes: storedBytes };
            return { ...place, ...shared, firstKey: hex(key), statistics: statisticsOf(naive, ofBlock) };
          });
          expect(sst.blockTable().map((block) => ({ ...block, firstKey: hex(block.firstKey) }))).toEqual(
            table,
          );
        },
      ),
      { numRuns: 120 },
    );
  });

  it('get the same answers of a filter, for keys that are there and for others', () => {
    const hash: Hash64 = { low: 0, high: 0 };
    fc.assert(
      fc.property(
        rowsArbitrary(40),
        optionsArbitrary,
        fc.array(keyArbitrary, { maxLength: 30, size: 'max' }),
        (anyRows, options, probes) => {
          const rows = rowsFor(options.timestamps, 1, anyRows);
          const { bytes } = encodeSst(rows, options);
          const sst = Sst.openBytes(bytes, { timestamp: 1 });
          const { filter } = decodeNaively(bytes, 1);
          expect(filter.family).toBe(rows.length === 0 ? 'none' : options.filter.family);
          for (const key of [...probes, ...rows.map((row) => row.key)]) {
            hashBytes(key, 0, key.length, hash);
            expect(filter.mayContain(key)).toBe(sst.mayContain(hash.low, hash.high));
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('the writer', () => {
  it('keeps the rules for writers', () => {
    fc.assert(
      fc.property(
        rowsArbitrary(60),
        rangeDeletesArbitrary,
        optionsArbitrary,
        (anyRows, rangeDeletes, options) => {
          const rows = rowsFor(options.timestamps, 1, anyRows);
          const { blocks, remarks } = decodeNaively(encodeSst(rows, { ...options, rangeDeletes }).bytes, 1);
          expect(remarks).toEqual([]);
          for (const [at, block] of blocks.entries()) {
            // R20: what is in a block fits, and the row after it does not.
            if (block.length > 1) expect(weightOf(block)).toBeLessThanOrEqual(options.blockBytes);
            const [next] = blocks[at + 1] ?? [];
            if (next !== undefined) expect(weightOf([...block, next])).toBeGreaterThan(options.blockBytes);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

function weightOf(rows: readonly Pick<Row, 'key' | 'value'>[]): number {
  return rows.reduce((sum, { key, value }) => sum + key.length + value.length + 12, 0);
}

/** Everything that a reader checks. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const sst = Sst.openBytes(bytes, { timestamp: 1 });
  const cursor = sst.cursor();
  await forward(cursor, cursor.seekFirst());
  await sst.verify();
}

describe('a file that breaks a rule', () => {
  const text = new TextEncoder();
  const rows: Row[] = [
    { key: text.encode('ant'), timestamp: 20, endTimestamp: NEVER, kind: PUT, value: text.encode('two') },
    { key: text.encode('ant'), timestamp: 10, endTimestamp: 20, kind: PUT, value: text.encode('one') },
    { key: text.encode('bee'), timestamp: 15, endTimestamp: NEVER, kind: DELETE, value: new Uint8Array(0) },
    { key: text.encode('cow'), timestamp: 5, endTimestamp: NEVER, kind: PUT, value: text.encode('moo') },
  ];
  const rangeDeletes = [
    { start: text.encode('c'), end: text.encode('d'), timestamp: 30 },
    { start: text.encode('c'), end: text.encode('e'), timestamp: 9 },
  ];
  const options = { codec: 'none', salt: 7, blockBytes: 40, rangeDeletes } as const;
  const { bytes: whole } = encodeSst(rows, options);
  const { bytes: partitioned } = encodeSst(rows, { ...options, indexPartitionBytes: 1 });
  const { footer, entries } = decodeNaively(whole);
  const [first, second] = [0, entries[0]?.storedBytes as number].map((offset, at) => ({
    offset,
    storedBytes: entries[at]?.storedBytes as number,
  }));

  /** A part of the file with other bytes from `at` on. */
  type Forge = (at: number, ...bytes: number[]) => Uint8Array;
  const forge =
    (file: Uint8Array, place: { offset: number; storedBytes: number } | undefined): Forge =>
    (at, ...bytes) => {
      if (place === undefined) expect.fail('the file has the part');
      return withBlock(file, place, (stored) => stored.set(bytes, at));
    };
  const block = forge(whole, first);
  const later = forge(whole, second);
  const index = forge(whole, footer.index);
  const filter = forge(whole, footer.filter);
  const ranges = forge(whole, footer.rangeDeletes);
  const properties = forge(whole, footer.properties);
  const table = forge(partitioned, decodeNaively(partitioned).footer.index);
  const u32 = (at: number, change: (value: number) => number): Uint8Array =>
    withFooter(whole, (view) => view.setUint32(at, change(view.getUint32(at, true)), true));
  const after = (name: string): number => {
    const { offset } = footer.properties;
    return Buffer.from(whole.subarray(offset)).indexOf(name) + name.length;
  };

  it.each<[rule: Rule, problem: string, bytes: Uint8Array]>([
    ['R3', 'a common prefix longer than the block', block(24, 0x64)],
    ['R3', 'more rows than the block has bytes', block(0, 0x7f)],
    ['R4', 'one size of the filter is 0', u32(12, () => 0)],
    ['R7', 'keys out of order within a block', later(23, ...text.encode('dog'))],
    ['R7', 'timestamps of a key out of order within a block', block(3, 0, 10)],
    ['R8', 'a payload of another check', whole.with(31, 0)],
    ['R9', 'a raw size that is not that of the payload', u32(28, (size) => size - 1)],
    ['R10', 'a codec that the list does not have', block(36, 1)],
    ['R11', 'a varint that is longer than needed', block(24, 0x83, 0)],
    ['R12', 'a width of nine bytes', block(1, 0x19)],
    ['R12', 'a base of nine bytes', block(1, 0x91)],
    ['R13', 'doubles over a base', block(1, 0x18)],
    ['R14', 'a kind above 2', later(15, 3)],
    ['R18', 'timestamps where they are absent', u32(44, () => 1)],
    ['R19', 'values that are longer than the rest', block(23, 4)],
    ['R21', 'blocks that do not reach the tail', index(16, 0x24)],
    ['R22', 'entries out of order', index(8, ...text.encode('aaa'))],
    ['R22', 'another number of rows', index(24, 3)],
    ['R22', 'another first row', index(5, ...text.encode('anu'))],
    ['R22', 'another least timestamp', index(28, 1)],
    ['R22', 'another greatest end', index(50, 0)],
    ['R23', 'statistics of a collector that the properties do not have', index(57, 1)],
    ['R24', 'another number of blocks in partitions', table(24, 2)],
    ['R24', 'partitions that begin with other rows', table(5, ...text.encode('ann'))],
    ['R24', 'partitions that do not reach the index', table(16, 0x22)],
    ['R25', 'a filter that denies a key', filter(1, ...new Uint8Array(32))],
    ['R26', 'an empty range', ranges(8, 0x62)],
    ['R26', 'ranges out of order', ranges(11, 0, 0x15)],
    ['R27', 'another number of rows', properties(after('rows'), 5)],
    ['R27', 'another number of range deletes', properties(after('rangeDeletes'), 1)],
    ['R27', 'another greatest key', properties(after('maxKey') + 2, 0x7a)],
    ['R27', 'another least timestamp', properties(after('minTimestamp'), 4)],
    ['R27', 'another greatest timestamp', properties(after('maxTimestamp'), 31)],
    ['R27', 'another least end', properties(after('minEndTimestamp'), 21)],
    ['R27', 'a count that is a text', properties(after('rows'), 0xa0)],
    ['R27', 'an entry that is missing', properties(after('rows') - 1, 0x74)],
    ['R29', 'parts that do not add up', u32(32, (offset) => offset + 1)],
  ])('%s: %s; is refused by both', async (rule, _, bytes) => {
    expect(() => decodeNaively(bytes)).toThrow(expect.objectContaining({ rule, outcome: 'corrupt' }));
    await expect(readAll(bytes)).rejects.toThrow(expect.objectContaining({ code: 'CLORTHO_CORRUPT' }));
  });

  it('R15: a base that is not the least number; is read by both, with a remark', async () => {
    const bytes = block(2, 9, 11, 1);
    const naive = decodeNaively(bytes);
    expect(naive.remarks).toEqual(['R15: base 9 where 10 is the least']);
    expect(naive.blocks.flat().map(textOf)).toEqual(rows.map(textOf));
    await readAll(bytes);
  });
});
