/** Which part of a partition a Query reads. */
import { type AttributeValue, orderKey, typeOf } from '../attribute-value.ts';
import { type ServiceError, validationError } from '../service-error.ts';
import type { KeyAttribute, KeySchema } from '../table.ts';
import { meets } from './condition.ts';
import type { Condition } from './syntax.ts';

/** One partition, and the test that sort keys have to pass. */
export interface KeyRange {
  readonly partition: string;
  readonly contains: (sortValue: AttributeValue) => boolean;
}

/**
 * Returns the range that a parsed `KeyConditionExpression` describes: equality on the partition key, and at most
 * one comparison, BETWEEN or begins_with on the sort key.
 *
 * @throws {ServiceError} `ValidationException` for any other condition.
 */
export function keyRange(schema: KeySchema, condition: Condition): KeyRange {
  const parts = condition.kind === 'and' ? [condition.left, condition.right] : [condition];
  const [first, second] = parts.sort((left, right) => rank(schema, left) - rank(schema, right));
  const partitionValue = first === undefined ? undefined : equalTo(first, schema.partition);
  if (partitionValue === undefined) {
    throw validationError(`Query condition missed key schema element: ${schema.partition.name}`);
  }
  const partition = orderKey(partitionValue) as string;
  if (second === undefined) return { partition, contains: () => true };
  const { sort } = schema;
  if (sort === undefined || subject(second) !== sort.name) throw unsupported();
  return { partition, contains: (value) => meets({ [sort.name]: value }, second) };
}

function rank(schema: KeySchema, condition: Condition): number {
  return subject(condition) === schema.partition.name ? 0 : 1;
}

function subject(condition: Condition): string {
  const isCompare = condition.kind === 'compare' && condition.comparator !== '<>';
  const operand =
    condition.kind === 'between' || condition.kind === 'beginsWith'
      ? condition.operand
      : isCompare
        ? condition.left
        : undefined;
  if (operand?.kind !== 'path' || operand.path.length !== 1) throw unsupported();
  return operand.path[0];
}

function equalTo(condition: Condition, attribute: KeyAttribute): AttributeValue | undefined {
  if (condition.kind !== 'compare' || subject(condition) !== attribute.name) return undefined;
  if (condition.comparator !== '=') throw validationError('Query key condition not supported');
  if (condition.right.kind !== 'value') throw unsupported();
  const { value } = condition.right;
  if (typeOf(value) === attribute.type) return value;
  throw validationError(
    'One or more parameter values were invalid: Condition parameter type does not match schema type',
  );
}

function unsupported(): ServiceError {
  return validationError('Invalid KeyConditionExpression: Query key condition not supported');
}
