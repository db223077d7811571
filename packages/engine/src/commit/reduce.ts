/**
 * Reducing: the operations of a group of batches become, per shard of a map and family, sorted rows with one row per key.
 *
 * All of them get the same timestamp, so what a later operation overrides must go before anything is written.
 *
 * Invariants:
 * - Per shard and family every key has at most one row, and rows are in key order.
 * - A range delete covers strictly older timestamps; rows of the same group that it covers and that came before
 *   it are dropped here, rows that came after it stay.
 */
import { compareBytes } from '@clortho/base';
import { type ShardMap, shardPosition } from '@clortho/manifest';
import { DELETE, MERGE, PUT, type RowKind } from '@clortho/sst';
import type { Family } from '../catalog/family.ts';
import type { KeyOperation, ParsedOperation, RangeOperation } from '../input/batch.ts';

/** One row of a group. */
export interface ReducedRow {
  readonly key: Uint8Array;
  readonly kind: RowKind;
  readonly value: Uint8Array;
}

/** What one shard and family gets: the content of one SST. */
export interface RowSet {
  /** The number of the shard. */
  readonly shard: number;
  readonly family: Family;
  readonly rows: readonly ReducedRow[];
  readonly rangeDeletes: readonly { readonly start: Uint8Array; readonly end: Uint8Array }[];
}

/** Returns the row sets of operations, by shard and family number. Empty ones are left out. */
export function reduceOperations(operations: readonly ParsedOperation[], map: ShardMap): RowSet[] {
  const places = new Map<number, Place>();
  const placeOf = (position: number, family: Family): Place => {
    const shard = map.shards[position] as number;
    const id = shard * FAMILIES_MAX + family.record.number;
    let place = places.get(id);
    if (place === undefined) {
      place = { shard, family, keys: [], ranges: [] };
      places.set(id, place);
    }
    return place;
  };
  for (const [sequence, operation] of operations.entries()) {
    const { family } = operation;
    if (operation.kind === 'deleteRange') {
      for (const { position, start, end } of clippedToShards(operation, map)) {
        placeOf(position, family).ranges.push({ sequence, start, end });
      }
    } else {
      const { keys } = placeOf(shardPosition(map, operation.key), family);
      keys.push({ sequence, prefix: keyPrefix(operation.key), operation });
    }
  }
  return [...places.entries()].sort(([left], [right]) => left - right).map(([, place]) => reducePlace(place));
}

/** Family numbers are below this. */
const FAMILIES_MAX = 2 ** 20;

interface SequencedKey {
  readonly sequence: number;
  /** The first six bytes of the key as a number: decides most comparisons. */
  readonly prefix: number;
  readonly operation: KeyOperation;
}

interface SequencedRange {
  readonly sequence: number;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

interface Place {
  readonly shard: number;
  readonly family: Family;
  readonly keys: SequencedKey[];
  readonly ranges: SequencedRange[];
}

interface ShardRange {
  readonly position: number;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** Returns the parts of a range delete, one for every shard that it touches. */
function clippedToShards({ start, end }: RangeOperation, map: ShardMap): ShardRange[] {
  const parts: ShardRange[] = [];
  for (let position = shardPosition(map, start); position < map.shards.length; position += 1) {
    const lower = map.splits[position - 1];
    const upper = map.splits[position];
    if (lower !== undefined && compareBytes(lower, end) >= 0) break;
    parts.push({
      position,
      start: lower !== undefined && compareBytes(lower, start) > 0 ? lower : start,
      end: upper !== undefined && compareBytes(upper, end) < 0 ? upper : end,
    });
  }
  return parts;
}

function reducePlace({ shard, family, keys, ranges }: Place): RowSet {
  keys.sort(
    (left, right) =>
      left.prefix - right.prefix ||
      compareBytes(left.operation.key, right.operation.key) ||
      left.sequence - right.sequence,
  );
  const rows: ReducedRow[] = [];
  for (let index = 0; index < keys.length; ) {
    let end = index + 1;
    const { key } = (keys[index] as SequencedKey).operation;
    while (end < keys.length && compareBytes((keys[end] as SequencedKey).operation.key, key) === 0) end += 1;
    const row = reduceKey(family, keys, index, end, ranges);
    if (row !== undefined) rows.push(row);
    index = end;
  }
  const rangeDeletes = ranges.map(({ start, end }) => ({ start, end }));
  return { shard, family, rows, rangeDeletes };
}

/** Folds the operations `keys[start, end)`, all on one key, into one row; none if a range delete has the last word. */
function reduceKey(
  family: Family,
  keys: readonly SequencedKey[],
  start: number,
  end: number,
  ranges: readonly SequencedRange[],
): ReducedRow | undefined {
  const { key } = (keys[start] as SequencedKey).operation;
  const wiped = ranges.length === 0 ? -1 : lastCovering(ranges, key);
  let row: ReducedRow | undefined;
  for (let index = start; index < end; index += 1) {
    const { sequence, operation } = keys[index] as SequencedKey;
    if (sequence < wiped) continue;
    if (operation.kind !== MERGE) row = operation;
    else if (row === undefined) row = wiped < 0 ? operation : { ...operation, kind: PUT };
    else if (row.kind === DELETE) row = { ...operation, kind: PUT };
    else row = { key, kind: row.kind, value: mergeValues(family, row.value, operation.value) };
  }
  return row;
}

function mergeValues(family: Family, older: Uint8Array, newer: Uint8Array): Uint8Array {
  const { operator } = family;
  if (operator === undefined) throw new TypeError('a parsed merge has an operator');
  return operator.merge(older, newer);
}

/** Returns the sequence of the last range delete that covers the key, or -1. */
function lastCovering(ranges: readonly SequencedRange[], key: Uint8Array): number {
  let last = -1;
  for (const { sequence, start, end } of ranges) {
    if (compareBytes(start, key) <= 0 && compareBytes(key, end) < 0) last = sequence;
  }
  return last;
}

function keyPrefix(key: Uint8Array): number {
  let prefix = 0;
  for (let index = 0; index < 6; index += 1) prefix = prefix * 256 + (key[index] ?? 0);
  return prefix;
}
