/**
 * Reducing: the operations of a group of batches become, per shard of a map and family, sorted rows with one row per key.
 *
 *     batches ── gather ──► columns of a family ── sort ──► order ── fold equal keys ──► rows ── cut at shards ──► row sets
 *
 * All of them get the same timestamp, so what a later operation overrides must go before anything is written.
 *
 * Invariants:
 * - Per shard and family every key has at most one row, and rows are in key order.
 * - A range delete covers strictly older timestamps; rows of the same group that it covers and that came before
 *   it are dropped here, rows that came after it stay.
 * - Rows are numbers: their bytes stay where they were gathered.
 */
import { compareBytes, compareSlices } from '@clortho/base';
import { mergeValues } from '@clortho/compaction';
import type { ShardMap } from '@clortho/manifest';
import { DELETE, MERGE, PUT, type RowKind, sortKeySlices } from '@clortho/sst';
import type { Family } from '../catalog/family.ts';
import type { ParsedBatch } from '../input/batch.ts';
import type { RangeOperation } from '../input/family-operations.ts';
import { type Columns, gatherColumns } from './columns.ts';

/** Sorted rows of a group: row i is operation `order[i]` of the columns. */
export interface ReducedRows {
  readonly columns: Columns;
  readonly order: Uint32Array;
  /** What each row is: the kind of its operation, unless it was folded. */
  readonly kinds: Uint8Array;
  /** The values of rows that were folded, by operation. */
  readonly values: ReadonlyMap<number, Uint8Array>;
}

/** Where the rows of a file belong. */
export interface RowPlace {
  /** The number of the shard. */
  readonly shard: number;
  readonly family: Family;
}

/** What one shard and family gets: the content of one SST. */
export interface RowSet extends RowPlace {
  readonly rows: ReducedRows;
  readonly rangeDeletes: readonly Bounds[];
}

interface Bounds {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** Returns the row sets of batches, by shard and family number. Empty ones are left out. */
export function reduceBatches(batches: readonly ParsedBatch[], map: ShardMap): RowSet[] {
  return gatherColumns(batches)
    .flatMap((columns) => cutAtShards(reduceColumns(columns), map))
    .sort(
      (left, right) => left.shard - right.shard || left.family.record.number - right.family.record.number,
    );
}

function cutAtShards(rows: ReducedRows, map: ShardMap): RowSet[] {
  const { family, ranges } = rows.columns;
  const sets: RowSet[] = [];
  let start = 0;
  for (const [position, shard] of map.shards.entries()) {
    const split = map.splits[position];
    const end = split === undefined ? rows.order.length : firstRowFrom(rows, split);
    const rangeDeletes = ranges.flatMap((range) => clippedTo(position, range, map));
    if (start < end || rangeDeletes.length > 0) {
      const [order, kinds] = [rows.order.subarray(start, end), rows.kinds.subarray(start, end)];
      sets.push({ shard, family, rows: { ...rows, order, kinds }, rangeDeletes });
    }
    start = end;
  }
  return sets;
}

/** Returns the position of the first row whose key is `bound` or sorts behind it. */
function firstRowFrom({ columns, order }: ReducedRows, bound: Uint8Array): number {
  const { bytes, keyStarts, keyEnds } = columns;
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const place = order[middle] as number;
    const [keyStart, keyEnd] = [keyStarts[place] as number, keyEnds[place] as number];
    if (compareSlices(bytes, keyStart, keyEnd, bound, 0, bound.length) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the part of a range delete in the shard at `position`, if it has one. */
function clippedTo(position: number, { start, end }: RangeOperation, map: ShardMap): Bounds[] {
  const lower = map.splits[position - 1];
  const upper = map.splits[position];
  const from = lower !== undefined && compareBytes(lower, start) > 0 ? lower : start;
  const to = upper !== undefined && compareBytes(upper, end) < 0 ? upper : end;
  return compareBytes(from, to) < 0 ? [{ start: from, end: to }] : [];
}

/** Sorts the operations and folds those on the same key into one row; none if a range delete has the last word. */
function reduceColumns(columns: Columns): ReducedRows {
  const { bytes, keyStarts, keyEnds, ranges } = columns;
  const order = sortKeySlices(bytes, keyStarts, keyEnds);
  const kinds = new Uint8Array(order.length);
  const values = new Map<number, Uint8Array>();
  let rows = 0;
  for (let start = 0; start < order.length; ) {
    const first = order[start] as number;
    let end = start + 1;
    while (end < order.length && hasSameKey(columns, first, order[end] as number)) end += 1;
    if (end === start + 1 && ranges.length === 0) {
      order[rows] = first;
      kinds[rows] = columns.kinds[first] as number;
      rows += 1;
    } else {
      const row = foldKey(columns, order.subarray(start, end));
      if (row !== undefined) {
        order[rows] = row.operation;
        kinds[rows] = row.kind;
        if (row.value !== undefined) values.set(row.operation, row.value);
        rows += 1;
      }
    }
    start = end;
  }
  return { columns, order: order.subarray(0, rows), kinds: kinds.subarray(0, rows), values };
}

function hasSameKey({ bytes, keyStarts, keyEnds }: Columns, left: number, right: number): boolean {
  const leftStart = keyStarts[left] as number;
  const rightStart = keyStarts[right] as number;
  const length = (keyEnds[left] as number) - leftStart;
  if (length !== (keyEnds[right] as number) - rightStart) return false;
  // From the end, where neighbours differ.
  for (let index = length - 1; index >= 0; index -= 1) {
    if (bytes[leftStart + index] !== bytes[rightStart + index]) return false;
  }
  return true;
}

/** A row on its way: an operation, of another kind or with another value perhaps. */
interface FoldedRow {
  readonly operation: number;
  readonly kind: RowKind;
  readonly value: Uint8Array | undefined;
}

/** Folds operations, all on one key, into one row. */
function foldKey(columns: Columns, operations: Uint32Array): FoldedRow | undefined {
  const wiped = wipedBefore(columns, operations[0] as number);
  let row: FoldedRow | undefined;
  for (const operation of operations) {
    if (operation < wiped) continue;
    const kind = columns.kinds[operation] as RowKind;
    if (kind !== MERGE) row = { operation, kind, value: undefined };
    else if (row === undefined) row = { operation, kind: wiped < 0 ? MERGE : PUT, value: undefined };
    else if (row.kind === DELETE) row = { operation, kind: PUT, value: undefined };
    else row = { ...row, value: mergeInto(columns, row, operation) };
  }
  return row;
}

function mergeInto(columns: Columns, row: FoldedRow, operation: number): Uint8Array {
  const older = row.value ?? valueOf(columns, row.operation);
  return mergeValues(columns.family.operator, older, valueOf(columns, operation));
}

function valueOf({ bytes, keyEnds, valueEnds }: Columns, operation: number): Uint8Array {
  return bytes.subarray(keyEnds[operation], valueEnds[operation]);
}

/** Returns before which operation a range delete covers the key of one; -1 if none does. */
function wipedBefore({ bytes, keyStarts, keyEnds, ranges }: Columns, operation: number): number {
  const keyStart = keyStarts[operation] as number;
  const keyEnd = keyEnds[operation] as number;
  let wiped = -1;
  for (const { start, end, before } of ranges) {
    const isCovered =
      compareSlices(bytes, keyStart, keyEnd, start, 0, start.length) >= 0 &&
      compareSlices(bytes, keyStart, keyEnd, end, 0, end.length) < 0;
    if (isCovered) wiped = before;
  }
  return wiped;
}
