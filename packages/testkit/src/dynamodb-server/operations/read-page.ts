/** What Query and Scan have in common: one page of entries, filtered and projected. */
import { type Item, itemBytes } from '../attribute-value.ts';
import { consumed, readUnits } from '../capacity.ts';
import type { TableRecord } from '../database.ts';
import { meets } from '../expression/condition.ts';
import { project } from '../expression/path.ts';
import type { Condition, Path } from '../expression/syntax.ts';
import { type JsonObject, optionalCount } from '../request.ts';
import { type Entry, keyOf } from '../table.ts';

/** The most bytes that one answer is made from, before the filter. */
const PAGE_BYTES_MAX = 1024 * 1024;

/** What to do with the entries of a page. */
export interface PageOptions {
  readonly filter: Condition | undefined;
  readonly paths: readonly Path[] | undefined;
}

/** Returns the answer for the first page of `entries`. */
export function readPage(
  input: JsonObject,
  { name, table }: TableRecord,
  entries: readonly Entry[],
  { filter, paths }: PageOptions,
): JsonObject {
  const limit = optionalCount(input, 'Limit') ?? Number.POSITIVE_INFINITY;
  const read: Item[] = [];
  let bytes = 0;
  for (const { item } of entries) {
    const length = itemBytes(item);
    if (read.length >= limit || (read.length > 0 && bytes + length > PAGE_BYTES_MAX)) break;
    bytes += length;
    read.push(item);
  }
  const last = read.at(-1);
  const isCut = read.length < entries.length || read.length === limit;
  const matching = filter === undefined ? read : read.filter((item) => meets(item, filter));
  const items = paths === undefined ? matching : matching.map((item) => project(item, paths));
  return {
    ...(input['Select'] !== 'COUNT' && { Items: items }),
    Count: matching.length,
    ScannedCount: read.length,
    ...(isCut && last !== undefined && { LastEvaluatedKey: keyOf(table.schema, last) }),
    ...consumed(input, name, readUnits(bytes, input['ConsistentRead'] === true)),
  };
}
