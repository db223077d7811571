/** What a request costs in DynamoDB's units, as far as the server can know it. */
import { type Item, itemBytes } from './attribute-value.ts';
import type { JsonObject } from './request.ts';

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

/** Returns the write units for an item that was `before` and is `after`: of the larger of both. */
export function writeUnits(before: Item | undefined, after: Item | undefined): number {
  const bytes = Math.max(
    before === undefined ? 0 : itemBytes(before),
    after === undefined ? 0 : itemBytes(after),
  );
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}

/** Returns the read units for `bytes` read with or without consistency. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (consistent ? 1 : 0.5);
}

/** Returns the part of an answer that reports the units of one table, if the request asked for it. */
export function consumed(input: JsonObject, tableName: string, units: number): JsonObject {
  const wanted = input['ReturnConsumedCapacity'];
  if (wanted !== 'TOTAL' && wanted !== 'INDEXES') return {};
  return { ConsumedCapacity: { TableName: tableName, CapacityUnits: units } };
}

/** Returns the part of an answer that reports the units of several tables, if the request asked for it. */
export function consumedByTable(input: JsonObject, units: ReadonlyMap<string, number>): JsonObject {
  const wanted = input['ReturnConsumedCapacity'];
  if (wanted !== 'TOTAL' && wanted !== 'INDEXES') return {};
  return { ConsumedCapacity: [...units].map(([name, sum]) => ({ TableName: name, CapacityUnits: sum })) };
}
