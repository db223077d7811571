import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bloom, type ValueSet } from '../../src/collector/bloom.ts';
import type { CollectorDefinition } from '../../src/collector/collector.ts';
import { type Counts, countBy } from '../../src/collector/count-by.ts';
import { type Distinct, distinct } from '../../src/collector/distinct.ts';
import { type MinMax, minMax } from '../../src/collector/min-max.ts';
import { Sst } from '../../src/reader/sst.ts';
import { DELETE, PUT, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { rowsArbitrary } from '../support/rows.ts';

const text = new TextEncoder();

/** Writes values as rows of a file with small blocks and opens it. */
function fileOf(
  values: readonly Uint8Array[],
  collectors: readonly CollectorDefinition[],
  blockBytes = 200,
): Sst {
  const rows: Row[] = values.map((value, index) => ({
    key: text.encode(String(index).padStart(6, '0')),
    timestamp: 1,
    kind: PUT,
    value,
  }));
  return Sst.openBytes(encodeSst(rows, { collectors, blockBytes }).bytes, { collectors });
}

describe('minMax', () => {
  it('bounds the column of every block and of the file', () => {
    const column = minMax('x', { type: 'int8', offset: 1 });
    fc.assert(
      fc.property(rowsArbitrary(60), (rows) => {
        const built = encodeSst(rows, { collectors: [column], blockBytes: 100 });
        const sst = Sst.openBytes(built.bytes, { collectors: [column] });
        const values = rows
          .filter(({ kind, value }) => kind !== DELETE && value.length >= 2)
          .map(({ value }) => ((value[1] as number) << 24) >> 24);
        const expected =
          values.length === 0 ? undefined : { min: Math.min(...values), max: Math.max(...values) };
        expect(sst.statistics['x']).toEqual(expected);
        const blocks = sst
          .blockTable()
          .flatMap((block) => (block.statistics['x'] as MinMax | undefined) ?? []);
        expect(blocks.length === 0).toBe(values.length === 0);
        if (expected !== undefined) {
          expect(Math.min(...blocks.map((one) => one.min))).toBe(expected.min);
          expect(Math.max(...blocks.map((one) => one.max))).toBe(expected.max);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['int8', [0xfe], -2],
    ['uint8', [0xfe], 254],
    ['int16', [0xfe, 0xff], -2],
    ['uint16', [1, 2], 513],
    ['int32', [0xfe, 0xff, 0xff, 0xff], -2],
    ['uint32', [0, 0, 0, 0x80], 2 ** 31],
    ['float64', [0, 0, 0, 0, 0, 0, 0xf8, 0xbf], -1.5],
  ] as const)('reads %s, little endian', (type, bytes, expected) => {
    const sst = fileOf(
      [Uint8Array.from([9, ...bytes]), Uint8Array.of(9)],
      [minMax('x', { type, offset: 1 })],
    );
    expect(sst.statistics).toEqual({ x: { min: expected, max: expected } });
  });

  it('takes a function, and leaves out what has no value', () => {
    const column = minMax('length', (row) =>
      row.valueEnd === row.valueStart ? undefined : row.valueEnd - row.valueStart,
    );
    expect(
      fileOf(
        [1, 0, 5].map((length) => new Uint8Array(length)),
        [column],
      ).statistics,
    ).toEqual({ length: { min: 1, max: 5 } });
    expect(fileOf([new Uint8Array(0)], [column]).statistics).toEqual({});
    expect(fileOf([new Uint8Array(1)], [minMax('nan', () => Number.NaN)]).statistics).toEqual({});
  });

  it('refuses columns that are none', () => {
    for (const column of [
      { type: 'int64', offset: 0 },
      { type: 'int8', offset: -1 },
      { type: 'int8', offset: 0.5 },
    ]) {
      expect(() => minMax('x', column as never)).toThrow(
        expect.objectContaining({ code: 'CLORTHO_INVALID' }),
      );
    }
  });
});

describe('bloom', () => {
  const colors = ['red', 'green', 'blue'];
  const values = Array.from({ length: 60 }, (_, index) =>
    text.encode((colors[Math.floor(index / 20)] as string).padEnd(5)),
  );

  it('tells in which blocks a value may be', () => {
    const sst = fileOf(values, [bloom('color', { type: 'bytes', offset: 0, length: 5 })], 100);
    const has = (statistics: Sst['statistics'], color: string): boolean =>
      (statistics['color'] as ValueSet).mayContain(color);
    expect(colors.map((color) => has(sst.statistics, color.padEnd(5)))).toEqual([true, true, true]);
    expect(has(sst.statistics, 'black')).toBe(false);
    const table = sst.blockTable();
    expect(has(table[0]?.statistics ?? {}, 'red  ')).toBe(true);
    expect(has(table.at(-1)?.statistics ?? {}, 'blue ')).toBe(true);
    expect(table.filter((block) => has(block.statistics, 'red  ')).length).toBeLessThan(table.length / 2 + 1);
  });

  it('takes strings and bytes alike', () => {
    const sst = fileOf([text.encode('x')], [bloom('word', () => 'grün')]);
    const set = sst.statistics['word'] as ValueSet;
    expect(set.mayContain('grün')).toBe(true);
    expect(set.mayContain(text.encode('grün'))).toBe(true);
    expect(set.mayContain('blau')).toBe(false);
  });

  it('says nothing about a file with too many values', () => {
    const distinctValues = Array.from({ length: 40 }, (_, index) => text.encode(String(index).padStart(5)));
    const sst = fileOf(
      distinctValues,
      [bloom('all', { type: 'bytes', offset: 0, length: 5 }, { valuesMax: 20 })],
      100,
    );
    expect(sst.statistics).toEqual({});
    expect(sst.blockTable().every((block) => 'all' in block.statistics)).toBe(true);
  });
});

describe('distinct', () => {
  it.each([1, 10, 100, 1_000, 20_000])('estimates %d values', (count) => {
    const values = Array.from({ length: count }, (_, index) => text.encode(`value ${index}`));
    const column = distinct('values', (row) => row.valueBytes.subarray(row.valueStart, row.valueEnd), {
      precision: 10,
    });
    const sst = fileOf([...values, ...values.slice(0, 500)], [column], 32_768);
    const { estimate } = sst.statistics['values'] as Distinct;
    expect(Math.abs(estimate - count)).toBeLessThanOrEqual(Math.max(1, count * 0.1));
  });

  it('is small enough for a manifest by default', () => {
    const column = distinct('values', (row) => String(row.keyEnd));
    expect(fileOf([new Uint8Array(1)], [column]).summary.statistics['values']?.length).toBeLessThanOrEqual(
      256,
    );
    expect(() => distinct('values', () => '', { precision: 3 })).toThrow(
      expect.objectContaining({ code: 'CLORTHO_INVALID' }),
    );
  });
});

describe('countBy', () => {
  it('counts rows per value, per block and per file', () => {
    const values = ['a', 'b', 'a', 'a', 'c', 'b'].map((value) => text.encode(value));
    const sst = fileOf(values, [countBy('letter', { type: 'bytes', offset: 0, length: 1 })], 60);
    const counts = sst.statistics['letter'] as Counts;
    expect(counts.entries).toEqual([
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ]);
    expect([counts.rows('a'), counts.rows(text.encode('b')), counts.rows('z')]).toEqual([3, 2, 0]);
    const blocks = sst.blockTable().map((block) => (block.statistics['letter'] as Counts).rows('a'));
    expect(blocks.length).toBeGreaterThan(1);
    expect(blocks.reduce((sum, rows) => sum + rows, 0)).toBe(3);
  });

  it('says nothing when there are too many values', () => {
    const values = Array.from({ length: 5 }, (_, index) => Uint8Array.of(index));
    const sst = fileOf(
      values,
      [countBy('byte', { type: 'bytes', offset: 0, length: 1 }, { valuesMax: 4 })],
      1000,
    );
    expect(sst.statistics).toEqual({});
  });
});

describe('statistics that the opener cannot read', () => {
  const written = minMax('x', { type: 'uint8', offset: 0 });
  const { bytes } = encodeSst([{ key: text.encode('k'), timestamp: 1, kind: PUT, value: Uint8Array.of(5) }], {
    collectors: [written],
  });

  it.each<[string, CollectorDefinition[]]>([
    ['nobody knows', []],
    ['of another version', [{ ...written, version: 2 }]],
    ['of another name', [{ ...written, name: 'y' }]],
    [
      'whose decoder throws',
      [
        {
          ...written,
          decode: () => {
            throw new Error('no');
          },
        },
      ],
    ],
  ])('are absent: %s', (_, collectors) => {
    const sst = Sst.openBytes(bytes, { collectors });
    expect(sst.statistics).toEqual({});
    expect(sst.blockTable()[0]?.statistics).toEqual({});
    expect(sst.summary.statistics['x']).toHaveLength(16);
  });
});
