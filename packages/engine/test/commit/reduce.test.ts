/** A group of batches, reduced to one row per key, against applying its operations one after the other. */
import { concatBytes, decodeUtf8, encodeUtf8 } from '@clortho/base';
import { newShardMap } from '@clortho/manifest';
import { DELETE, MERGE, PUT } from '@clortho/sst';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/api.ts';
import type { Family } from '../../src/catalog/family.ts';
import { type RowSet, reduceBatches } from '../../src/commit/reduce.ts';
import { parseBatch } from '../../src/input/batch.ts';

const append = {
  name: 'append',
  version: 1,
  merge: (older: Uint8Array, newer: Uint8Array) => concatBytes([older, newer]),
};

function familyOf(number: number): Family {
  return { record: { number, name: `f${number}` }, operator: append } as unknown as Family;
}

const FAMILIES = [familyOf(0), familyOf(1)] as const;
const byName = (name: string | undefined): Family => FAMILIES[name === 'f1' ? 1 : 0];
const NAMES = { [PUT]: 'put', [DELETE]: 'del', [MERGE]: 'merge' };

/** What the operations on a key come to: a row, or nothing but what a range delete wiped. */
interface Outcome {
  row?: { kind: number; value: string };
  isWiped: boolean;
}

/** Applies operations in order; returns `family/key kind value` of every row that is left, and the range deletes. */
function applied(operations: readonly Operation[]): { rows: string[]; ranges: string[] } {
  const outcomes = new Map<string, Outcome>();
  const ranges: string[] = [];
  for (const operation of operations) {
    const family = operation.family ?? 'f0';
    if (operation.type === 'deleteRange') {
      const { start, end } = operation;
      if (start === end) continue;
      ranges.push(`${family} ${String(start)} ${String(end)}`);
      for (const key of KEYS)
        if (key >= start && key < end) outcomes.set(`${family}/${key}`, { isWiped: true });
      continue;
    }
    const id = `${family}/${String(operation.key)}`;
    const before = outcomes.get(id) ?? { isWiped: false };
    const value = operation.type === 'del' ? '' : String(operation.value);
    if (operation.type === 'put') before.row = { kind: PUT, value };
    else if (operation.type === 'del') before.row = { kind: DELETE, value };
    else if (before.row === undefined) before.row = { kind: before.isWiped ? PUT : MERGE, value };
    else if (before.row.kind === DELETE) before.row = { kind: PUT, value };
    else before.row = { kind: before.row.kind, value: before.row.value + value };
    outcomes.set(id, before);
  }
  const rows = [...outcomes].flatMap(([id, { row }]) => {
    return row === undefined ? [] : [`${id} ${NAMES[row.kind as typeof PUT]} ${row.value}`];
  });
  return { rows: rows.sort(), ranges };
}

/** Reads rows of a set as a writer does. */
function rowsOf({ family, rows: { columns, order, kinds, values } }: RowSet): string[] {
  const { bytes, keyStarts, keyEnds, valueEnds } = columns;
  return Array.from(order, (operation, row) => {
    const key = decodeUtf8(bytes.subarray(keyStarts[operation], keyEnds[operation]));
    const value = values.get(operation) ?? bytes.subarray(keyEnds[operation], valueEnds[operation]);
    return `${family.record.name}/${key} ${NAMES[kinds[row] as typeof PUT]} ${decodeUtf8(value)}`;
  });
}

const KEYS = ['a', 'aa', 'b', 'ba', 'c', 'd'];
const key = fc.constantFrom(...KEYS);
const family = fc.constantFrom(undefined, 'f0', 'f1');
const value = fc.oneof(
  fc.constantFrom('', '1', '22'),
  fc.nat(900).map((length) => 'x'.repeat(length)),
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('put' as const), key, value, family }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('merge' as const), key, value, family }) },
  fc.record({ type: fc.constant('del' as const), key, family }),
  fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...KEYS), family).map(([one, two, name]) => ({
    type: 'deleteRange' as const,
    start: one < two ? one : two,
    end: one < two ? two : one,
    family: name,
  })),
);
const group = fc.array(fc.array(operation, { minLength: 1, maxLength: 90, size: 'max' }), {
  minLength: 1,
  maxLength: 4,
});

describe('reducing a group of batches', () => {
  it('leaves what its operations come to, one row per key, in key order', () => {
    fc.assert(
      fc.property(group, fc.constantFrom([], ['b'], ['aa', 'c']), (batches, splits) => {
        const map = newShardMap(splits.map(encodeUtf8));
        const sets = reduceBatches(
          batches.map((batch) => parseBatch(batch, byName)),
          map,
        );
        const expected = applied(batches.flat());
        expect(sets.flatMap(rowsOf).sort()).toEqual(expected.rows);
        for (const set of sets) {
          const rows = rowsOf(set);
          const keys = rows.map((row) => row.split(' ')[0]);
          expect(keys).toEqual(keys.toSorted((one, two) => (String(one) < String(two) ? -1 : 1)));
          const isInShard = (name: string): boolean =>
            (set.shard === 0 || name >= (splits[set.shard - 1] as string)) &&
            (set.shard === splits.length || name < (splits[set.shard] as string));
          for (const row of rows) expect(isInShard(row.slice(3, row.indexOf(' ')))).toBe(true);
          for (const { start } of set.rangeDeletes) expect(isInShard(decodeUtf8(start))).toBe(true);
          expect(rows.length + set.rangeDeletes.length).toBeGreaterThan(0);
        }
        // Cut at shards and put together again, they are those that were given.
        if (splits.length > 0) return;
        const ranges = sets.flatMap(({ family: { record }, rangeDeletes }) =>
          rangeDeletes.map(({ start, end }) => `${record.name} ${decodeUtf8(start)} ${decodeUtf8(end)}`),
        );
        expect(ranges.sort()).toEqual(expected.ranges.sort());
      }),
      { numRuns: 400 },
    );
  });

  it('takes copies: what a caller changes afterwards is not written', () => {
    const bytes = Buffer.from('before');
    const batch = parseBatch([{ type: 'put', key: bytes, value: bytes }], byName);
    bytes.write('change');
    const [set] = reduceBatches([batch], newShardMap([]));
    expect(rowsOf(set as RowSet)).toEqual(['f0/before put before']);
  });
});
