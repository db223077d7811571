import { ClorthoError, compareBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergingCursor } from '../../src/cursor/merging-cursor.ts';
import { Sst } from '../../src/reader/sst.ts';
import { BLOCKED, END, PUT, ROW, type Row } from '../../src/row.ts';
import { encodeSst } from '../../src/writer/encode-sst.ts';
import { ArrayCursor } from '../support/array-cursor.ts';
import {
  compareRows,
  keyArbitrary,
  rowAt,
  rowsArbitrary,
  textOf,
  timestampArbitrary,
} from '../support/rows.ts';
import { sourceOf } from '../support/sources.ts';
import { backward, forward, settled } from '../support/walk.ts';

const inputsArbitrary = fc.array(rowsArbitrary(25), { minLength: 1, maxLength: 9 });

/** How often each of the following moves is blocked, over and over. */
const blocksArbitrary = fc.array(fc.nat(2), { minLength: 1, maxLength: 12 });

function blocking(inputs: readonly Row[][], blocks: readonly number[]): ArrayCursor[] {
  let move = 0;
  return inputs.map((rows) => new ArrayCursor(rows, () => blocks[move++ % blocks.length] as number));
}

/** All rows in order, ties by input, with the input they came from. */
function merged(inputs: readonly Row[][]): { row: Row; input: number }[] {
  return inputs
    .flatMap((rows, input) => rows.map((row) => ({ row, input })))
    .sort((left, right) => compareRows(left.row, right.row) || left.input - right.input);
}

function compareKeys(left: Row, right: Row): number {
  return compareBytes(left.key, right.key);
}

describe('a merging cursor', () => {
  it('says that a row is alone only if no other input stands on its key', async () => {
    let alone = 0;
    await fc.assert(
      fc.asyncProperty(inputsArbitrary, blocksArbitrary, async (inputs, blocks) => {
        const expected = merged(inputs);
        const cursor = new MergingCursor(blocking(inputs, blocks));
        let step = await settled(cursor, cursor.seekFirst());
        for (const [index, { row, input }] of expected.entries()) {
          expect(step).toBe(ROW);
          expect(textOf(rowAt(cursor.current))).toBe(textOf(row));
          if (cursor.isAlone()) {
            alone += 1;
            const behind = expected.slice(index + 1).filter((other) => compareKeys(other.row, row) === 0);
            expect(behind.filter((other) => other.input !== input)).toEqual([]);
          }
          step = await settled(cursor, cursor.next());
        }
      }),
      { numRuns: 120 },
    );
    expect(alone).toBeGreaterThan(500);
  });

  it('gives the rows of all inputs in order, in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(inputsArbitrary, blocksArbitrary, async (inputs, blocks) => {
        const expected = merged(inputs);
        const texts = expected.map(({ row }) => textOf(row));
        const cursor = new MergingCursor(blocking(inputs, blocks));
        expect(await forward(cursor, cursor.seekFirst())).toEqual(texts);
        expect(await backward(cursor, cursor.seekLast())).toEqual(texts.reverse());

        const sources: number[] = [];
        for (
          let step = await settled(cursor, cursor.seekFirst());
          step === ROW;
          step = await settled(cursor, cursor.next())
        ) {
          sources.push(cursor.source);
        }
        expect(sources).toEqual(expected.map(({ input }) => input));
      }),
      { numRuns: 120 },
    );
  });

  it('seeks as one sorted array would', async () => {
    await fc.assert(
      fc.asyncProperty(
        inputsArbitrary,
        blocksArbitrary,
        fc.array(fc.tuple(keyArbitrary, fc.option(timestampArbitrary, { nil: undefined })), { maxLength: 8 }),
        async (inputs, blocks, probes) => {
          const sorted = merged(inputs).map(({ row }) => row);
          const oracle = new ArrayCursor(sorted);
          const cursor = new MergingCursor(blocking(inputs, blocks));
          for (const [key, timestamp] of probes) {
            const tail = await forward(oracle, oracle.seek(key, timestamp));
            expect(await forward(cursor, cursor.seek(key, timestamp))).toEqual(tail);
            const head = await backward(oracle, oracle.seekBefore(key));
            expect(await backward(cursor, cursor.seekBefore(key))).toEqual(head);
          }
        },
      ),
      { numRuns: 90 },
    );
  });

  it('merges files that are read block by block', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(rowsArbitrary(40), { minLength: 1, maxLength: 5 }), async (inputs) => {
        const cursors = await Promise.all(
          inputs.map(async (rows) => {
            const { bytes } = encodeSst(rows, { blockBytes: 100 });
            return (await Sst.open(sourceOf(bytes), { size: bytes.length })).cursor();
          }),
        );
        const cursor = new MergingCursor(cursors);
        const texts = merged(inputs).map(({ row }) => textOf(row));
        expect(await forward(cursor, cursor.seekFirst())).toEqual(texts);
        expect(await backward(cursor, cursor.seekLast())).toEqual(texts.reverse());
      }),
      { numRuns: 60 },
    );
  });

  it('loads all blocked inputs at the same time', async () => {
    const inputs = [0, 1, 2].map((n) => new ArrayCursor([row(n)], () => 1));
    const cursor = new MergingCursor(inputs);
    expect(cursor.seekFirst()).toBe(BLOCKED);
    const step = cursor.load();
    expect(inputs.map((input) => input.loads)).toEqual([1, 1, 1]);
    expect(await step).toBe(ROW);
    expect(cursor.source).toBe(0);
  });

  it('stays where it was when a load fails, and goes on when it succeeds', async () => {
    const good = new ArrayCursor([row(0), row(2)], () => 1);
    const bad = new ArrayCursor([row(1)], () => 1);
    let failures = 2;
    const load = bad.load.bind(bad);
    bad.load = async () => {
      if (failures-- > 0) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'not at the moment');
      return load();
    };
    const cursor = new MergingCursor([good, bad]);
    expect(cursor.seekFirst()).toBe(BLOCKED);
    await expect(cursor.load()).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(cursor.next()).toBe(BLOCKED);
    await expect(cursor.load()).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(await cursor.load()).toBe(ROW);
    expect(good.loads).toBe(1);
    expect(await forward(cursor, ROW)).toEqual(
      [row(0), row(1), row(2)].map((one) => textOf({ ...one, endTimestamp: Number.MAX_SAFE_INTEGER })),
    );
  });

  it.each([
    ['no', []],
    ['empty', [new ArrayCursor([]), new ArrayCursor([])]],
  ])('ends at once over %s inputs and stays at the end', (_, inputs) => {
    const cursor = new MergingCursor(inputs);
    expect([cursor.seekFirst(), cursor.next(), cursor.next()]).toEqual([END, END, END]);
    expect([cursor.seekLast(), cursor.previous()]).toEqual([END, END]);
  });

  it('refuses to turn without a seek', () => {
    const cursor = new MergingCursor([new ArrayCursor([row(0), row(1)])]);
    expect(cursor.seekFirst()).toBe(ROW);
    expect(() => cursor.previous()).toThrow('backward seek');
    expect(cursor.seekLast()).toBe(ROW);
    expect(() => cursor.next()).toThrow('forward seek');
    expect(rowAt(cursor).key).toEqual(row(1).key);
  });
});

function row(n: number): Row {
  return { key: Uint8Array.of(n), timestamp: 1, kind: PUT, value: Uint8Array.of(n) };
}
