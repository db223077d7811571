/**
 * Writes in two steps: what the request says, and what it does to the item that is there.
 *
 * The first step fails for requests that can never succeed, the second for conditions and values; a transaction
 * reports the two differently.
 *
 * Invariants:
 * - Neither step changes the table; {@link applyWrite} does, and cannot fail.
 */
import type { Item } from './attribute-value.ts';
import { type Database, type TableRecord, tableOf } from './database.ts';
import { meets } from './expression/condition.ts';
import { parseCondition, parseUpdate, updatedPaths } from './expression/parser.ts';
import { type Placeholders, placeholders } from './expression/placeholders.ts';
import type { Condition, Path } from './expression/syntax.ts';
import { applyUpdate } from './expression/update.ts';
import { type JsonObject, optionalObject, optionalString, requiredItem, requiredString } from './request.ts';
import { conditionFailed, validationError } from './service-error.ts';
import { checkItemSize, keyNames, type Position, positionOfItem, positionOfKey } from './table.ts';

/** A write as requested. */
export interface Write {
  readonly record: TableRecord;
  readonly position: Position;
  readonly condition: Condition | undefined;
  /** Whether a failed condition reports the item that was there. */
  readonly reportsItem: boolean;
  /** The paths that an update writes; none for other writes. */
  readonly paths: readonly Path[];
  /** Returns the item after the write; `undefined` for none. */
  readonly change: (before: Item | undefined) => Item | undefined;
}

/** A write that may be applied. */
export interface Outcome {
  readonly write: Write;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** The kinds of writes, named as in a transaction. */
export type WriteKind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

/**
 * Returns the write that a request describes.
 *
 * @throws {ServiceError} `ValidationException`, `ResourceNotFoundException`.
 */
export function parseWrite(database: Database, kind: WriteKind, input: JsonObject): Write {
  const record = tableOf(database, input);
  const names = placeholders(
    optionalObject(input, 'ExpressionAttributeNames'),
    optionalObject(input, 'ExpressionAttributeValues'),
  );
  const { schema } = record.table;
  const item = kind === 'Put' ? requiredItem(input, 'Item') : requiredItem(input, 'Key');
  const { paths, change } = parseChange(record, kind, input, item, names);
  const conditionText =
    kind === 'ConditionCheck'
      ? requiredString(input, 'ConditionExpression')
      : optionalString(input, 'ConditionExpression');
  const condition =
    conditionText === undefined ? undefined : parseCondition('ConditionExpression', conditionText, names);
  names.checkAllUsed();
  return {
    record,
    position: kind === 'Put' ? positionOfItem(schema, item) : positionOfKey(schema, item),
    condition,
    reportsItem: input['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD',
    paths,
    change,
  };
}

/**
 * Returns what a write would do now.
 *
 * @throws {ServiceError} `ConditionalCheckFailedException`; `ValidationException` if the item does not allow the
 *   update or becomes too large.
 */
export function evaluateWrite(write: Write): Outcome {
  const before = write.record.table.get(write.position);
  if (write.condition !== undefined && !meets(before ?? {}, write.condition)) {
    throw conditionFailed(write.reportsItem ? before : undefined);
  }
  return { write, before, after: write.change(before) };
}

/** Makes an outcome true. */
export function applyWrite({ write, after }: Outcome): void {
  if (after === undefined) write.record.table.delete(write.position);
  else write.record.table.put(write.position, after);
}

function parseChange(
  record: TableRecord,
  kind: WriteKind,
  input: JsonObject,
  item: Item,
  names: Placeholders,
): Pick<Write, 'paths' | 'change'> {
  if (kind === 'Put') return { paths: [], change: () => item };
  if (kind === 'Delete') return { paths: [], change: () => undefined };
  if (kind === 'ConditionCheck') return { paths: [], change: (before) => before };
  const text = optionalString(input, 'UpdateExpression');
  if (text === undefined) return { paths: [], change: (before) => before ?? item };
  const update = parseUpdate('UpdateExpression', text, names);
  const paths = updatedPaths(update);
  const keys = keyNames(record.table.schema);
  const keyPath = paths.find(([root]) => keys.includes(root));
  if (keyPath !== undefined) {
    throw validationError(
      `One or more parameter values were invalid: Cannot update attribute ${keyPath[0]}. This attribute is part of the key`,
    );
  }
  const change = (before: Item | undefined): Item => {
    const after = applyUpdate(before ?? item, update);
    checkItemSize(after, 'Item size to update has exceeded the maximum allowed size');
    return after;
  };
  return { paths, change };
}
