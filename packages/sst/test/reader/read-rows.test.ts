import { compareBytes, startsWith } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minMax } from '../../src/collector/min-max.ts';
import { Sst } from '../../src/reader/sst.ts';
import { BLOCKED, NEVER, PUT, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import {
  compareRows,
  keyArbitrary,
  rangeDeletesArbitrary,
  rowsArbitrary,
  textOf,
  timestampArbitrary,
} from '../support/rows.ts';
import { mapCache, sourceOf } from '../support/sources.ts';
import { visibleRows } from '../support/visible-rows.ts';
import { backward, forward, settled } from '../support/walk.ts';

const text = new TextEncoder();
const shapeArbitrary = fc.record({
  blockBytes: fc.constantFrom(1, 60, 300, 32_768),
  indexPartitionBytes: fc.constantFrom(1, 300, 131_072),
});
const asOfArbitrary = fc.option(timestampArbitrary, { nil: undefined });

/** Rows as compaction makes them: a version with an end ended when a newer one began, or when its key was deleted. */
const storedArbitrary = fc.tuple(rowsArbitrary(80), fc.boolean()).map(([rows, isHistory]) =>
  isHistory
    ? rows.map((row, at): Row => {
        const newer = rows[at - 1];
        const superseded = newer !== undefined && compareBytes(newer.key, row.key) === 0;
        return { ...row, endTimestamp: superseded ? newer.timestamp : (row.endTimestamp ?? NEVER) };
      })
    : rows.map((row): Row => ({ ...row, endTimestamp: NEVER })),
);

async function openBoth(bytes: Uint8Array): Promise<Sst[]> {
  const cache = { cache: mapCache(), file: 1 };
  const size = bytes.length;
  return [
    Sst.openBytes(bytes),
    await Sst.open(sourceOf(bytes), { size }),
    await Sst.open(sourceOf(bytes), { size, cache }),
  ];
}

describe('get', () => {
  it('gives the version that is visible at a time', async () => {
    await fc.assert(
      fc.asyncProperty(
        storedArbitrary,
        rangeDeletesArbitrary,
        shapeArbitrary,
        asOfArbitrary,
        fc.array(keyArbitrary, { maxLength: 5 }),
        async (rows, rangeDeletes, shape, asOf, absent) => {
          const { bytes } = encodeSst(rows, { ...shape, rangeDeletes });
          const visible = visibleRows(rows, rangeDeletes, asOf ?? Number.MAX_SAFE_INTEGER);
          for (const sst of await openBoth(bytes)) {
            for (const key of [...absent, ...rows.map((row) => row.key)]) {
              const expected = visible.find((row) => compareBytes(row.key, key) === 0);
              const found = await sst.get(key, { asOf });
              expect(textOf(found)).toBe(textOf(expected));
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('does not wait for what is in memory, and says so when it would have to', async () => {
    const rows: Row[] = [{ key: text.encode('a'), timestamp: 1, kind: PUT, value: text.encode('1') }];
    const { bytes } = encodeSst(rows);
    expect(Sst.openBytes(bytes).peek(text.encode('a'))).toMatchObject({ timestamp: 1 });
    const cold = await Sst.open(sourceOf(bytes), { size: bytes.length });
    expect(cold.peek(text.encode('a'))).toBe(BLOCKED);
    expect(cold.peek(text.encode('b'))).toBeUndefined();
  });

  it('returns bytes that the caller owns', async () => {
    const { bytes } = encodeSst(
      [{ key: text.encode('a'), timestamp: 1, kind: PUT, value: text.encode('value') }],
      {
        codec: 'none',
      },
    );
    const sst = Sst.openBytes(Buffer.from(bytes));
    (await sst.get(text.encode('a')))?.value.fill(0);
    expect(await sst.get(text.encode('a'))).toMatchObject({ value: text.encode('value') });
  });
});

describe('scan', () => {
  it('gives what is visible in a range at a time, either way round', async () => {
    await fc.assert(
      fc.asyncProperty(
        storedArbitrary,
        rangeDeletesArbitrary,
        shapeArbitrary,
        fc.record({
          asOf: asOfArbitrary,
          lower: fc.option(fc.tuple(keyArbitrary, fc.boolean()), { nil: undefined }),
          upper: fc.option(fc.tuple(keyArbitrary, fc.boolean()), { nil: undefined }),
          prefix: fc.option(keyArbitrary, { nil: undefined }),
          limit: fc.option(fc.nat(6), { nil: undefined }),
          reverse: fc.boolean(),
          readAheadBytes: fc.constantFrom(0, 100, 100_000),
        }),
        async (rows, rangeDeletes, shape, { lower, upper, ...rest }) => {
          const [low, lowOpen] = lower ?? [];
          const [high, highClosed] = upper ?? [];
          fc.pre(low === undefined || high === undefined || compareBytes(low, high) <= 0);
          const options = {
            ...rest,
            ...(lowOpen ? { gt: low } : { gte: low }),
            ...(highClosed ? { lte: high } : { lt: high }),
          };
          const visible = visibleRows(rows, rangeDeletes, rest.asOf ?? Number.MAX_SAFE_INTEGER).filter(
            ({ key }) =>
              (low === undefined || compareBytes(key, low) >= (lowOpen ? 1 : 0)) &&
              (high === undefined || compareBytes(key, high) < (highClosed ? 1 : 0)) &&
              (rest.prefix === undefined || startsWith(key, rest.prefix)),
          );
          if (rest.reverse) visible.reverse();
          const expected = visible.slice(0, rest.limit).map(textOf);
          for (const sst of await openBoth(encodeSst(rows, { ...shape, rangeDeletes }).bytes)) {
            const found: string[] = [];
            for await (const row of sst.scan(options)) found.push(textOf(row));
            expect(found).toEqual(expected);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses bounds that contradict each other', async () => {
    const sst = Sst.openBytes(encodeSst([]).bytes);
    const [a, b] = [text.encode('a'), text.encode('b')];
    for (const options of [{ gt: a, gte: a }, { lt: b, lte: b }, { gte: b, lt: a }, { limit: -1 }]) {
      await expect(sst.scan(options).next()).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    }
  });
});

describe('a cursor with bounds', () => {
  it('shows the rows within them, to every move', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary(80),
        shapeArbitrary,
        fc.option(keyArbitrary, { nil: undefined }),
        fc.option(keyArbitrary, { nil: undefined }),
        asOfArbitrary,
        fc.array(fc.tuple(keyArbitrary, timestampArbitrary), { maxLength: 8 }),
        async (rows, shape, lower, upper, asOf, probes) => {
          const { bytes } = encodeSst(rows, shape);
          const within = rows.filter(
            ({ key, timestamp, endTimestamp = NEVER }) =>
              (lower === undefined || compareBytes(key, lower) >= 0) &&
              (upper === undefined || compareBytes(key, upper) < 0) &&
              (asOf === undefined || asOf === NEVER || (timestamp <= asOf && endTimestamp > asOf)),
          );
          for (const sst of await openBoth(bytes)) {
            const cursor = sst.cursor({ lower, upper, asOf });
            expect(await forward(cursor, cursor.seekFirst())).toEqual(within.map(textOf));
            expect(await backward(cursor, cursor.seekLast())).toEqual(within.map(textOf).reverse());
            for (const [key, timestamp] of probes) {
              await settled(cursor, cursor.seek(key, timestamp));
              const place = { key, timestamp, kind: PUT, value: key } as const;
              const after = within.filter((row) => compareRows(row, place) >= 0);
              expect(await forward(cursor, cursor.seek(key, timestamp))).toEqual(after.map(textOf));
              const before = within.filter((row) => compareBytes(row.key, key) < 0);
              expect(await backward(cursor, cursor.seekBefore(key))).toEqual(before.map(textOf).reverse());
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('reads from a cold source', () => {
  const rows: Row[] = Array.from({ length: 4000 }, (_, at) => ({
    key: text.encode(`key ${String(at).padStart(6, '0')}`),
    timestamp: at,
    kind: PUT,
    value: new Uint8Array(100).fill(at),
  }));
  const { bytes, summary } = encodeSst(rows, {
    blockBytes: 4096,
    collectors: [minMax('n', { type: 'uint8', offset: 0 })],
  });
  const { size, tailBytes } = { size: bytes.length, tailBytes: summary.tailBytes };

  it('take two reads for a key, and one when the tail is there', async () => {
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, { size, tailBytes });
    expect(source.reads.length).toBe(1);
    expect((await sst.get((rows[1234] as Row).key))?.timestamp).toBe(1234);
    expect(source.reads.length).toBe(2);
    expect((await sst.get((rows[2345] as Row).key))?.timestamp).toBe(2345);
    expect(source.reads.length).toBe(3);
  });

  it.each([
    ['forward', false, 0],
    ['forward with read-ahead', false, 30_000],
    ['backward', true, 0],
  ])('read each byte that a range needs once, %s', async (_, reverse, readAheadBytes) => {
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, { size, tailBytes });
    source.reads.length = 0;
    const range = { gte: (rows[1000] as Row).key, lt: (rows[3000] as Row).key };
    let count = 0;
    for await (const _row of sst.scan({ ...range, reverse, readAheadBytes })) count += 1;
    expect(count).toBe(2000);
    const table = sst.blockTable();
    const first = table.findLast((block) => compareBytes(block.firstKey, range.gte) <= 0)?.offset as number;
    const last = table.findLast((block) => compareBytes(block.firstKey, range.lt) < 0);
    const end = (last?.offset as number) + (last?.bytes as number);
    const sorted = [...source.reads].sort((left, right) => left.offset - right.offset);
    let at = first;
    for (const { offset, length } of sorted) {
      expect(offset).toBe(at);
      at += length;
    }
    expect(at).toBe(end);
  });

  it('stop when the consumer stops', async () => {
    const source = sourceOf(bytes);
    const sst = await Sst.open(source, { size, tailBytes });
    source.reads.length = 0;
    for await (const _row of sst.scan({ readAheadBytes: 0, limit: 3 })) continue;
    for await (const _row of sst.scan({ readAheadBytes: 0 })) break;
    expect(source.reads.length).toBe(2);
  });
});
