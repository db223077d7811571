/** Scan: a page of a whole table, or of one of its segments. */
import { hash32 } from '@clortho/base';
import { type Operation, tableOf } from '../database.ts';
import { parseCondition, parseProjection } from '../expression/parser.ts';
import { placeholders } from '../expression/placeholders.ts';
import { optionalCount, optionalObject, optionalString, requiredItem } from '../request.ts';
import { validationError } from '../service-error.ts';
import { type Entry, type Position, positionOfKey } from '../table.ts';
import { readPage } from './read-page.ts';

/** Scan. Partitions come in the order of their hashes, as if they lay on nodes. */
export const scan: Operation = (database, input) => {
  const record = tableOf(database, input);
  const names = placeholders(
    optionalObject(input, 'ExpressionAttributeNames'),
    optionalObject(input, 'ExpressionAttributeValues'),
  );
  const filterText = optionalString(input, 'FilterExpression');
  const filter = filterText === undefined ? undefined : parseCondition('FilterExpression', filterText, names);
  const projectionText = optionalString(input, 'ProjectionExpression');
  const paths =
    projectionText === undefined ? undefined : parseProjection('ProjectionExpression', projectionText, names);
  names.checkAllUsed();
  const segments = optionalCount(input, 'TotalSegments') ?? 1;
  const segment = optionalCount(input, 'Segment', 0) ?? 0;
  if (segment >= segments) throw validationError('The Segment parameter must be less than TotalSegments');
  const after =
    optionalObject(input, 'ExclusiveStartKey') === undefined
      ? undefined
      : positionOfKey(record.table.schema, requiredItem(input, 'ExclusiveStartKey'));
  const entries = record.table
    .entries()
    .filter(({ position }) => partitionHash(position) % segments === segment)
    .filter(({ position }) => after === undefined || compareScanned(position, after) > 0)
    .sort((left: Entry, right: Entry) => compareScanned(left.position, right.position));
  return readPage(input, record, entries, { filter, paths });
};

function partitionHash({ partition }: Position): number {
  return hash32(Buffer.from(partition, 'utf8'));
}

function compareScanned(left: Position, right: Position): number {
  const byHash = partitionHash(left) - partitionHash(right);
  if (byHash !== 0) return byHash;
  if (left.partition !== right.partition) return left.partition < right.partition ? -1 : 1;
  if (left.sort === right.sort) return 0;
  return left.sort < right.sort ? -1 : 1;
}
