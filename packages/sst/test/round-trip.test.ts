import { compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkMemory } from '../src/block/work-memory.ts';
import type { CodecName } from '../src/codec/codec.ts';
import { codecNames } from '../src/codec/registry.ts';
import { compareRangeDeletes } from '../src/file/range-deletes.ts';
import { Sst } from '../src/reader/sst.ts';
import { DELETE, END, MERGE, ROW, type Row } from '../src/row.ts';
import { encodeSst } from '../src/writer/encode-sst.ts';
import {
  keyArbitrary,
  rangeDeletesArbitrary,
  rowAt,
  rowsArbitrary,
  textOf,
  timestampArbitrary,
} from './support/rows.ts';
import { mapCache, sourceOf } from './support/sources.ts';
import { backward, forward, settled } from './support/walk.ts';

const optionsArbitrary = fc.record({
  blockBytes: fc.constantFrom(1, 60, 200, 1000, 32_768),
  codec: fc.constantFrom<CodecName>(...codecNames),
  salt: fc.nat(),
  indexPartitionBytes: fc.constantFrom(1, 200, 131_072),
});

const openArbitrary = fc.constantFrom(
  'bytes',
  'bytes and cache',
  'bytes into memory',
  'source',
  'source and cache',
  'read ahead',
  'read ahead into memory',
);

/** Opens a file in one of the ways there are. */
async function openAs(how: string, bytes: Uint8Array, timestamp?: number): Promise<Sst> {
  const cache = how.endsWith('cache') ? { cache: mapCache(), file: 5 } : undefined;
  if (how.startsWith('bytes')) return Sst.openBytes(bytes, { cache, timestamp });
  return Sst.open(sourceOf(bytes), { size: bytes.length, cache, timestamp });
}

function cursorOf(sst: Sst, how: string) {
  const readAheadBytes = how.startsWith('read ahead') ? 300 : undefined;
  const memory = how.endsWith('memory') ? new WorkMemory(1000) : undefined;
  return sst.cursor(
    readAheadBytes === undefined && memory === undefined ? undefined : { readAheadBytes, memory },
  );
}

describe('a file', () => {
  it('gives back its rows in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary(), optionsArbitrary, openArbitrary, async (rows, options, how) => {
        const { bytes } = encodeSst(rows, options);
        const cursor = cursorOf(await openAs(how, bytes), how);
        expect(await forward(cursor, cursor.seekFirst())).toEqual(rows.map(textOf));
        expect(await backward(cursor, cursor.seekLast())).toEqual(rows.map(textOf).reverse());
      }),
      { numRuns: 150 },
    );
  });

  it('finds the first row at or after a key and timestamp, and the last row before a key', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary(),
        optionsArbitrary,
        openArbitrary,
        fc.array(fc.tuple(keyArbitrary, fc.option(timestampArbitrary, { nil: undefined })), {
          maxLength: 20,
          size: 'max',
        }),
        async (rows, options, how, probes) => {
          const cursor = cursorOf(await openAs(how, encodeSst(rows, options).bytes), how);
          const present = rows.map(({ key, timestamp }) => [key, timestamp] as const);
          for (const [key, timestamp] of [...probes, ...present]) {
            const found = rows.findIndex((row) => isAtOrAfter(row, key, timestamp));
            const step = await settled(cursor, cursor.seek(key, timestamp));
            expect(textOf(step === ROW ? rowAt(cursor) : undefined)).toBe(textOf(rows[found]));
            if (step === ROW && found > 0) {
              expect(await settled(cursor, cursor.previous())).toBe(ROW);
              expect(textOf(rowAt(cursor))).toBe(textOf(rows[found - 1]));
            }
            const before = rows.findLast((row) => compareBytes(row.key, key) < 0);
            const stepBefore = await settled(cursor, cursor.seekBefore(key));
            expect(textOf(stepBefore === ROW ? rowAt(cursor) : undefined)).toBe(textOf(before));
          }
        },
      ),
      { numRuns: 80 },
    );
  });

  it('comes back from either end', async () => {
    await fc.assert(
      fc.asyncProperty(rowsArbitrary(20), optionsArbitrary, async (rows, options) => {
        fc.pre(rows.length > 0);
        const cursor = Sst.openBytes(encodeSst(rows, options).bytes).cursor();
        expect(cursor.next()).toBe(ROW);
        expect(rowAt(cursor)).toEqual(rows[0]);
        expect(cursor.previous()).toBe(END);
        expect(cursor.previous()).toBe(END);
        expect(cursor.next()).toBe(ROW);
        expect(rowAt(cursor)).toEqual(rows[0]);
        cursor.seekLast();
        expect(cursor.next()).toBe(END);
        expect(cursor.next()).toBe(END);
        expect(cursor.previous()).toBe(ROW);
        expect(rowAt(cursor)).toEqual(rows.at(-1));
      }),
      { numRuns: 50 },
    );
  });

  it('summarises what it holds, the same to its writer and its reader', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary(),
        rangeDeletesArbitrary,
        optionsArbitrary,
        async (rows, rangeDeletes, options) => {
          const { bytes, summary } = encodeSst(rows, { ...options, rangeDeletes });
          const sst = Sst.openBytes(bytes);
          expect(sst.summary).toEqual(summary);
          expect(sst.rangeDeletes).toEqual([...rangeDeletes].sort(compareRangeDeletes));
          const keys = [
            ...rows.map((row) => row.key),
            ...rangeDeletes.flatMap(({ start, end }) => [start, end]),
          ];
          keys.sort(compareBytes);
          const times = [...rows, ...rangeDeletes].map((one) => one.timestamp);
          const ends = rows.map((row) => row.endTimestamp as number);
          expect(summary).toMatchObject({
            bytes: bytes.length,
            rows: rows.length,
            deletes: rows.filter((row) => row.kind === DELETE).length,
            merges: rows.filter((row) => row.kind === MERGE).length,
            rangeDeletes: rangeDeletes.length,
            rawBytes: rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0),
            minKey: keys[0] ?? new Uint8Array(0),
            maxKey: keys.at(-1) ?? new Uint8Array(0),
            minTimestamp: times.length === 0 ? 0 : Math.min(...times),
            maxTimestamp: times.length === 0 ? 0 : Math.max(...times),
          });
          if (rows.length > 0) {
            expect(summary).toMatchObject({
              minEndTimestamp: Math.min(...ends),
              maxEndTimestamp: Math.max(...ends),
            });
          }
          const table = sst.blockTable();
          expect(table.length).toBe(summary.blocks);
          expect(table.reduce((sum, block) => sum + block.rows, 0)).toBe(rows.length);
          expect(table.reduce((sum, block) => sum + block.bytes, 0)).toBe(summary.bytes - summary.tailBytes);
          await sst.verify();
        },
      ),
      { numRuns: 100 },
    );
  });

  it('stores no timestamps when told so, and shows the one it is opened with', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary(),
        rangeDeletesArbitrary,
        timestampArbitrary,
        openArbitrary,
        async (all, ranges, timestamp, how) => {
          const rows = all
            .filter((row, index) => index === 0 || compareBytes(row.key, (all[index - 1] as Row).key) !== 0)
            .map((row) => ({ ...row, timestamp }));
          const written = rows.map((row, index) => ({ ...row, timestamp: index }));
          const { bytes, summary } = encodeSst(written, {
            timestamps: 'absent',
            blockBytes: 60,
            rangeDeletes: ranges,
          });
          expect(summary).toMatchObject({ minTimestamp: 0, maxTimestamp: 0 });
          const sst = await openAs(how, bytes, timestamp);
          const cursor = cursorOf(sst, how);
          expect(await forward(cursor, cursor.seekFirst())).toEqual(rows.map(textOf));
          expect(sst.rangeDeletes.every((range) => range.timestamp === timestamp)).toBe(true);
          for (const [index, { key }] of rows.entries()) {
            for (const asOf of [timestamp - 1, timestamp, timestamp + 1]) {
              const expected = rows[asOf < timestamp ? index + 1 : index];
              const step = await settled(cursor, cursor.seek(key, asOf));
              expect(textOf(step === ROW ? rowAt(cursor) : undefined)).toBe(textOf(expected));
            }
          }
          await sst.verify();
        },
      ),
      { numRuns: 60 },
    );
  });
});

function isAtOrAfter(row: Row, key: Uint8Array, timestamp: number | undefined): boolean {
  const order = compareBytes(row.key, key);
  return order > 0 || (order === 0 && (timestamp === undefined || row.timestamp <= timestamp));
}
