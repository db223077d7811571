/** Operations on one item. */
import { type Item, itemBytes } from '../attribute-value.ts';
import { consumed, readUnits, writeUnits } from '../capacity.ts';
import { type Operation, tableOf } from '../database.ts';
import { parseProjection } from '../expression/parser.ts';
import { project } from '../expression/path.ts';
import { placeholders } from '../expression/placeholders.ts';
import { attributesOf, type JsonObject, optionalObject, optionalString, requiredItem } from '../request.ts';
import { validationError } from '../service-error.ts';
import { positionOfKey } from '../table.ts';
import { applyWrite, evaluateWrite, type Outcome, parseWrite, type WriteKind } from '../write.ts';

/** GetItem. Reads are always consistent here. */
export const getItem: Operation = (database, input) => {
  const { name, table } = tableOf(database, input);
  const narrow = projection(input);
  const item = table.get(positionOfKey(table.schema, requiredItem(input, 'Key')));
  const units = readUnits(itemBytes(attributesOf(item)), input['ConsistentRead'] === true);
  return { ...(item !== undefined && { Item: narrow(item) }), ...consumed(input, name, units) };
};

/** PutItem. */
export const putItem: Operation = single('Put');
/** UpdateItem. */
export const updateItem: Operation = single('Update');
/** DeleteItem. */
export const deleteItem: Operation = single('Delete');

/**
 * Returns what keeps the wanted part of an item, as `ProjectionExpression` says.
 *
 * @throws {ServiceError} `ValidationException`.
 */
export function projection(input: JsonObject): (item: Item) => Item {
  const names = placeholders(optionalObject(input, 'ExpressionAttributeNames'), undefined);
  const text = optionalString(input, 'ProjectionExpression');
  const paths = text === undefined ? undefined : parseProjection('ProjectionExpression', text, names);
  names.checkAllUsed();
  return (item) => (paths === undefined ? item : project(item, paths));
}

function single(kind: WriteKind): Operation {
  return (database, input) => {
    const wanted = optionalString(input, 'ReturnValues') ?? 'NONE';
    const allowed =
      kind === 'Update' ? ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW'] : ['NONE', 'ALL_OLD'];
    if (!allowed.includes(wanted)) throw validationError(`Return values set to invalid value: ${wanted}`);
    const outcome = evaluateWrite(parseWrite(database, kind, input));
    applyWrite(outcome);
    const attributes = returned(outcome, wanted);
    return {
      ...(attributes !== undefined && { Attributes: attributes }),
      ...consumed(input, outcome.write.record.name, writeUnits(outcome.before, outcome.after)),
    };
  };
}

function returned({ write, before, after }: Outcome, wanted: string): Item | undefined {
  if (wanted === 'NONE') return undefined;
  const item = wanted.endsWith('OLD') ? before : after;
  if (item === undefined || wanted.startsWith('ALL')) return item;
  return project(item, write.paths);
}
