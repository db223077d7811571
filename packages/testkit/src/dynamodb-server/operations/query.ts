/** Query: a page of one partition, in the order of its sort keys or backwards. */
import type { AttributeValue } from '../attribute-value.ts';
import { type Operation, tableOf } from '../database.ts';
import { keyRange } from '../expression/key-condition.ts';
import { parseCondition, parseProjection } from '../expression/parser.ts';
import { placeholders } from '../expression/placeholders.ts';
import { optionalObject, optionalString, requiredItem } from '../request.ts';
import { validationError } from '../service-error.ts';
import { type Entry, type KeySchema, positionOfKey } from '../table.ts';
import { readPage } from './read-page.ts';

/** Query. */
export const query: Operation = (database, input) => {
  const record = tableOf(database, input);
  const { schema } = record.table;
  if (input['IndexName'] !== undefined) throw validationError('The table does not have the specified index');
  const names = placeholders(
    optionalObject(input, 'ExpressionAttributeNames'),
    optionalObject(input, 'ExpressionAttributeValues'),
  );
  const keyText = optionalString(input, 'KeyConditionExpression');
  if (keyText === undefined) {
    throw validationError(
      'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.',
    );
  }
  const range = keyRange(schema, parseCondition('KeyConditionExpression', keyText, names));
  const filterText = optionalString(input, 'FilterExpression');
  const filter = filterText === undefined ? undefined : parseCondition('FilterExpression', filterText, names);
  const projectionText = optionalString(input, 'ProjectionExpression');
  const paths =
    projectionText === undefined ? undefined : parseProjection('ProjectionExpression', projectionText, names);
  names.checkAllUsed();
  const backwards = input['ScanIndexForward'] === false;
  const partition = record.table.partition(range.partition);
  const inRange = partition.filter(({ item }) => range.contains(sortValue(schema, item)));
  const ordered = backwards ? inRange.toReversed() : inRange;
  const after =
    optionalObject(input, 'ExclusiveStartKey') === undefined
      ? undefined
      : positionOfKey(schema, requiredItem(input, 'ExclusiveStartKey')).sort;
  return readPage(input, record, startAfter(ordered, after, backwards), { filter, paths });
};

function sortValue({ sort }: KeySchema, item: Entry['item']): AttributeValue {
  return sort === undefined ? { NULL: true } : (item[sort.name] as AttributeValue);
}

function startAfter(
  entries: readonly Entry[],
  after: string | undefined,
  backwards: boolean,
): readonly Entry[] {
  if (after === undefined) return entries;
  return entries.filter(({ position }) => (backwards ? position.sort < after : position.sort > after));
}
