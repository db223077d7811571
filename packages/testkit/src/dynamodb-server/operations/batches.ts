/** BatchGetItem and BatchWriteItem: many requests in one, without atomicity. */
import { type Item, itemBytes } from '../attribute-value.ts';
import { type Operation, tableNamed } from '../database.ts';
import { isJsonObject, type JsonObject, requiredItem, requiredObject, requiredObjects } from '../request.ts';
import { validationError } from '../service-error.ts';
import { positionOfKey } from '../table.ts';
import { applyWrite, evaluateWrite, parseWrite } from '../write.ts';
import { projection } from './items.ts';

const GETS_MAX = 100;
const WRITES_MAX = 25;
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** BatchGetItem: what does not fit in 16 MB comes back as unprocessed. */
export const batchGetItem: Operation = (database, input) => {
  const requests = requiredObject(input, 'RequestItems');
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, { Keys: Item[] }> = {};
  const seen = new Set<string>();
  let bytes = 0;
  for (const name of Object.keys(requests)) {
    const { table } = tableNamed(database, name);
    const request = requiredObject(requests, name);
    const narrow = projection(request);
    const items: Item[] = [];
    responses[name] = items;
    for (const wrapped of requiredObjects(request, 'Keys', GETS_MAX)) {
      const key = requiredItem({ Key: wrapped }, 'Key');
      const position = positionOfKey(table.schema, key);
      once(seen, JSON.stringify([name, position]), GETS_MAX);
      const item = table.get(position);
      if (item === undefined) continue;
      bytes += itemBytes(item);
      if (bytes <= ANSWER_BYTES_MAX) items.push(narrow(item));
      else (unprocessed[name] ??= { ...request, Keys: [] }).Keys.push(key);
    }
  }
  return { Responses: responses, UnprocessedKeys: unprocessed };
};

/** BatchWriteItem: unconditional puts and deletes. */
export const batchWriteItem: Operation = (database, input) => {
  const requests = requiredObject(input, 'RequestItems');
  const seen = new Set<string>();
  const writes = Object.keys(requests).flatMap((name) =>
    requiredObjects(requests, name, WRITES_MAX).map((request) => {
      const { kind, body } = unwrap(request);
      const write = parseWrite(database, kind, { ...body, TableName: name });
      once(seen, JSON.stringify([name, write.position]), WRITES_MAX);
      return write;
    }),
  );
  for (const write of writes) applyWrite(evaluateWrite(write));
  return { UnprocessedItems: {} };
};

function unwrap(request: JsonObject): { kind: 'Put' | 'Delete'; body: JsonObject } {
  const put = request['PutRequest'];
  const removed = request['DeleteRequest'];
  if (isJsonObject(put) && removed === undefined) return { kind: 'Put', body: { Item: put['Item'] } };
  if (isJsonObject(removed) && put === undefined) return { kind: 'Delete', body: { Key: removed['Key'] } };
  throw validationError('Supplied AttributeValue has more than one request, must contain exactly one');
}

function once(seen: Set<string>, place: string, countMax: number): void {
  if (seen.has(place)) throw validationError('Provided list of item keys contains duplicates');
  seen.add(place);
  if (seen.size > countMax)
    throw validationError('Too many items requested for the BatchGetItem or BatchWriteItem call');
}
