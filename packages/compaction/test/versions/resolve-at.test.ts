/** The rules of visibility, boundary by boundary. */
import { decodeUtf8, encodeUtf8 } from '@clortho/base';
import { DELETE, MERGE, PUT, type RangeDelete, type Row, type RowKind } from '@clortho/sst';
import { describe, expect, it } from 'vitest';
import { ArrayCursor } from '../../sim/array-cursor.ts';
import {
  appendOperator,
  collectGroup,
  historyOf,
  RangeDeleteIndex,
  resolveAt,
  VersionGroup,
  type VersionRules,
} from '../../src/index.ts';

type Version = readonly [timestamp: number, kind: RowKind, value?: string, endTimestamp?: number];

function group(...versions: Version[]): VersionGroup {
  const rows = versions.map(([timestamp, kind, value = '', endTimestamp]): Row => {
    return { key: encodeUtf8('k'), timestamp, kind, value: encodeUtf8(value), endTimestamp };
  });
  const collected = new VersionGroup();
  const cursor = new ArrayCursor(rows);
  collectGroup(cursor, collected, cursor.seekFirst());
  return collected;
}

function deleted(timestamp: number): VersionRules {
  const range: RangeDelete = { start: encodeUtf8('a'), end: encodeUtf8('z'), timestamp };
  return { rangeDeletes: RangeDeleteIndex.of([range]), operator: appendOperator };
}

function valueAt(
  versions: VersionGroup,
  asOf: number,
  rules: VersionRules = { operator: appendOperator },
): unknown {
  const found = resolveAt(versions, asOf, rules);
  return found && decodeUtf8(found.valueBytes.subarray(found.valueStart, found.valueEnd));
}

describe('resolveAt', () => {
  it('gives the newest version at or before the time', () => {
    const versions = group([3, PUT, 'old'], [7, PUT, 'new']);
    expect([2, 3, 6, 7, 100].map((asOf) => valueAt(versions, asOf))).toEqual([
      undefined,
      'old',
      'old',
      'new',
      'new',
    ]);
  });

  it('hides what a delete masks, from its timestamp on', () => {
    const versions = group([3, PUT, 'v'], [7, DELETE]);
    expect([6, 7].map((asOf) => valueAt(versions, asOf))).toEqual(['v', undefined]);
  });

  it('ends a history row at its end timestamp', () => {
    const versions = group([3, PUT, 'v', 7]);
    expect([6, 7].map((asOf) => valueAt(versions, asOf))).toEqual(['v', undefined]);
  });

  it('lets a range delete cover strictly older versions only', () => {
    expect([6, 7].map((asOf) => valueAt(group([3, PUT, 'v']), asOf, deleted(7)))).toEqual(['v', undefined]);
    expect(valueAt(group([7, PUT, 'v']), 7, deleted(7))).toBe('v');
    expect(valueAt(group([3, PUT, 'v'], [7, MERGE, 'w']), 7, deleted(7))).toBe('w');
  });

  it('expires a version at timestamp plus time to live', () => {
    const rules = { ttlMicros: 4 };
    expect([6, 7].map((asOf) => valueAt(group([3, PUT, 'v']), asOf, rules))).toEqual(['v', undefined]);
  });

  it('masks older versions by an expired one', () => {
    expect(valueAt(group([3, PUT, 'old'], [5, PUT, 'new']), 9, { ttlMicros: 4 })).toBeUndefined();
  });

  it('folds operands down to the version they rest on', () => {
    const versions = group([1, PUT, 'a'], [2, MERGE, 'b'], [3, MERGE, 'c']);
    expect([1, 2, 3].map((asOf) => valueAt(versions, asOf))).toEqual(['a', 'ab', 'abc']);
  });

  it('takes an operand on an absent key for the value', () => {
    expect(valueAt(group([2, MERGE, 'b']), 2, {})).toBe('b');
    expect(valueAt(group([1, DELETE], [2, MERGE, 'b']), 2, {})).toBe('b');
    expect(valueAt(group([1, PUT, 'a', 2], [5, MERGE, 'b']), 5, {})).toBe('b');
  });

  it('judges at an operand whether the version below it had expired', () => {
    const rules = { ttlMicros: 4, operator: appendOperator };
    expect(valueAt(group([1, PUT, 'a'], [4, MERGE, 'b']), 6, rules)).toBe('ab');
    expect(valueAt(group([1, PUT, 'a'], [5, MERGE, 'b']), 6, rules)).toBe('b');
    expect(valueAt(group([1, PUT, 'a'], [4, MERGE, 'b'], [7, MERGE, 'c']), 10, rules)).toBe('abc');
  });

  it('asks for the operator where operands must be folded', () => {
    expect(() => valueAt(group([1, PUT, 'a'], [2, MERGE, 'b']), 2, {})).toThrow(
      expect.objectContaining({ code: 'CLORTHO_INVALID' }),
    );
  });

  it('gives folded bytes that share no memory with the rows', () => {
    const identity = { name: 'newest', version: 1, merge: (_older: Uint8Array, newer: Uint8Array) => newer };
    const versions = group([1, PUT, 'a'], [2, MERGE, 'b']);
    const found = resolveAt(versions, 2, { operator: identity });
    expect(found?.owned).toBe(true);
    found?.valueBytes.fill(0);
    expect(valueAt(versions, 2, { operator: identity })).toBe('b');
  });
});

describe('historyOf', () => {
  const entries = (versions: VersionGroup, from: number, to: number, rules: VersionRules = {}): unknown[] =>
    historyOf(versions, from, to, rules).map(({ timestamp, kind, value }) =>
      kind === 'put' ? `${timestamp} ${decodeUtf8(value as Uint8Array)}` : `${timestamp} deleted`,
    );

  it('begins with the version alive at from and ends before to', () => {
    const versions = group([1, PUT, 'a'], [3, PUT, 'b'], [5, PUT, 'c']);
    expect(entries(versions, 2, 5)).toEqual(['3 b', '1 a']);
    expect(entries(versions, 3, 6)).toEqual(['5 c', '3 b']);
    expect(entries(versions, 3, 3)).toEqual([]);
  });

  it('lists a delete only where something was there', () => {
    const versions = group([1, DELETE], [3, PUT, 'a'], [5, DELETE], [7, DELETE]);
    expect(entries(versions, 0, 10)).toEqual(['5 deleted', '3 a']);
  });

  it('tells a delete by the gap after a history row, and by a range delete', () => {
    expect(entries(group([1, PUT, 'a', 4], [6, PUT, 'b']), 0, 10)).toEqual(['6 b', '4 deleted', '1 a']);
    expect(entries(group([1, PUT, 'a', 4], [4, PUT, 'b']), 0, 10)).toEqual(['4 b', '1 a']);
    expect(entries(group([1, PUT, 'a']), 0, 10, deleted(4))).toEqual(['4 deleted', '1 a']);
  });

  it('lists operands as the values they came to', () => {
    const rules = { operator: appendOperator };
    expect(entries(group([1, PUT, 'a'], [2, MERGE, 'b'], [3, MERGE, 'c']), 2, 10, rules)).toEqual([
      '3 abc',
      '2 ab',
    ]);
  });

  it('does not list a delete at the horizon or below: what it ended may be gone', () => {
    const versions = group([1, PUT, 'a'], [4, DELETE]);
    const kinds = (horizon: number): string[] =>
      historyOf(versions, 4, 10, {}, horizon).map((entry) => entry.kind);
    expect([3, 4].map(kinds)).toEqual([['del'], []]);
  });

  it('does not list an expiry, nor a delete of what had expired', () => {
    const rules = { ttlMicros: 3 };
    expect(entries(group([1, PUT, 'a'], [6, DELETE]), 0, 10, rules)).toEqual(['1 a']);
    expect(entries(group([1, PUT, 'a'], [6, DELETE]), 4, 10, rules)).toEqual([]);
  });
});
