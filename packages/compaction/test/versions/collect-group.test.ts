import { decodeUtf8, encodeUtf8 } from '@clortho/base';
import { BLOCKED, DELETE, END, MERGE, PUT, type Row, type RowCursor, type Step } from '@clortho/sst';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayCursor, sortRows } from '../../sim/array-cursor.ts';
import {
  appendOperator,
  collectGroup,
  collectGroupBackward,
  resolveAt,
  VersionGroup,
} from '../../src/index.ts';

const rows = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom('', 'a', 'ab', 'b'), fc.nat({ max: 9 }), fc.constantFrom(PUT, DELETE, MERGE)),
    {
      selector: ([key, timestamp]) => `${key}@${timestamp}`,
      maxLength: 20,
    },
  )
  .map((versions) =>
    versions.map(([key, timestamp, kind]): Row => {
      const value = encodeUtf8(kind === DELETE ? '' : `${timestamp}`);
      return { key: encodeUtf8(key), timestamp, kind, value };
    }),
  );

interface Collected {
  readonly key: string;
  readonly versions: string[];
  readonly value: string | undefined;
}

/** Walks all groups, loading whenever a move was blocked. */
async function walk(
  cursor: RowCursor,
  first: Step,
  collect: typeof collectGroup,
  asOf?: number,
): Promise<Collected[]> {
  const collected: Collected[] = [];
  const group = new VersionGroup();
  let step = first;
  for (;;) {
    while (step === BLOCKED) step = await cursor.load();
    if (step === END && !group.begun) return collected;
    step = collect(cursor, group, step, asOf);
    if (step === BLOCKED) continue;
    const found = resolveAt(group, asOf ?? 100, { operator: appendOperator });
    collected.push({
      key: decodeUtf8(group.key()),
      versions: Array.from({ length: group.length }, (_, index) => `${group.timestamps[index]}`),
      value: found && decodeUtf8(found.valueBytes.subarray(found.valueStart, found.valueEnd)),
    });
    group.clear();
  }
}

describe('collecting the versions of a key', () => {
  it('gives every key once, newest version first, wherever blocks are missing', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat({ max: 3 }), async (versions, blockEvery) => {
        const expected = new Map<string, string[]>();
        for (const row of sortRows(versions)) {
          const key = decodeUtf8(row.key);
          expected.set(key, [...(expected.get(key) ?? []), `${row.timestamp}`]);
        }
        const forward = new ArrayCursor(versions, blockEvery);
        const backward = new ArrayCursor(versions, blockEvery);
        const ahead = await walk(forward, forward.seekFirst(), collectGroup);
        const back = await walk(backward, backward.seekLast(), collectGroupBackward);
        expect(ahead.map(({ key, versions: found }) => [key, found])).toEqual([...expected]);
        expect(back.reverse()).toEqual(ahead);
      }),
    );
  });

  it('keeps with a time what resolving at that time needs', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.nat({ max: 10 }), fc.nat({ max: 3 }), async (versions, asOf, blockEvery) => {
        const visible = versions.filter((row) => row.timestamp <= asOf);
        const whole = new ArrayCursor(visible);
        const expected = (await walk(whole, whole.seekFirst(), collectGroup)).filter(
          ({ value }) => value !== undefined,
        );
        const forward = new ArrayCursor(versions, blockEvery);
        const backward = new ArrayCursor(versions, blockEvery);
        const ahead = await walk(forward, forward.seekFirst(), collectGroup, asOf);
        const back = await walk(backward, backward.seekLast(), collectGroupBackward, asOf);
        const values = (found: Collected[]): unknown[] =>
          found.filter(({ value }) => value !== undefined).map(({ key, value }) => [key, value]);
        expect(values(ahead)).toEqual(values(expected));
        expect(values(back.reverse())).toEqual(values(expected));
      }),
    );
  });

  it('lets go of the blocks of a group that was cleared', () => {
    const group = new VersionGroup();
    const cursor = new ArrayCursor([
      { key: encodeUtf8('a'), timestamp: 1, kind: PUT, value: new Uint8Array(1000) },
    ]);
    collectGroup(cursor, group, cursor.seekFirst());
    expect(group.valueBytes[0]?.length).toBe(1000);
    group.clear();
    expect(group.valueBytes[0]?.length).toBe(0);
  });
});
