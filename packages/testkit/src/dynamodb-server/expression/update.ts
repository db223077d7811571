/**
 * Applies an update to an item.
 *
 * Invariants:
 * - Every operand is read from the item as it was before the update.
 * - The item given is not changed: what lies along a written path is copied, the rest is shared.
 */
import { type AttributeValue, type Item, setMembers, typeOf } from '../attribute-value.ts';
import { addDecimals, formatDecimal, negateDecimal, parseDecimal } from '../decimal.ts';
import { type ServiceError, validationError } from '../service-error.ts';
import { evaluate } from './condition.ts';
import { valueAt } from './path.ts';
import type { Assigned, Path, Update } from './syntax.ts';

/**
 * Returns the item after the update.
 *
 * @throws {ServiceError} `ValidationException` for operands of the wrong type and paths that lead nowhere.
 */
export function applyUpdate(item: Item, update: Update): Item {
  const writes: (readonly [Path, AttributeValue | undefined])[] = [
    ...update.set.map(({ path, assigned }) => [path, assignedValue(item, assigned)] as const),
    ...update.add.map(({ path, value }) => [path, sum(valueAt(item, path), value)] as const),
    ...update.delete.map(({ path, value }) => [path, difference(valueAt(item, path), value)] as const),
    ...removalsLastFirst(update.remove).map((path) => [path, undefined] as const),
  ];
  let updated: AttributeValue = { M: item };
  for (const [path, value] of writes) updated = write(updated, path, value);
  return 'M' in updated ? updated.M : item;
}

/** Higher list indexes first, so that a removal does not move the elements still to be removed. */
function removalsLastFirst(paths: readonly Path[]): Path[] {
  return [...paths].sort((left, right) => Number(right.at(-1)) - Number(left.at(-1)) || 0);
}

function assignedValue(item: Item, assigned: Assigned): AttributeValue {
  switch (assigned.kind) {
    case 'plus':
    case 'minus': {
      const left = assignedValue(item, assigned.left);
      const right = assignedValue(item, assigned.right);
      if (!('N' in left) || !('N' in right)) throw wrongType();
      const addend = parseDecimal(right.N);
      return {
        N: formatDecimal(
          addDecimals(parseDecimal(left.N), assigned.kind === 'plus' ? addend : negateDecimal(addend)),
        ),
      };
    }
    case 'listAppend': {
      const left = assignedValue(item, assigned.left);
      const right = assignedValue(item, assigned.right);
      if (!('L' in left) || !('L' in right)) throw wrongType();
      return { L: [...left.L, ...right.L] };
    }
    case 'ifNotExists':
      return valueAt(item, assigned.path) ?? assignedValue(item, assigned.otherwise);
    case 'value':
    case 'path':
    case 'size': {
      const value = evaluate(item, assigned);
      if (value !== undefined) return value;
      throw validationError('The provided expression refers to an attribute that does not exist in the item');
    }
  }
}

function sum(current: AttributeValue | undefined, added: AttributeValue): AttributeValue {
  const isSet = setMembers(added) !== undefined;
  if (!isSet && !('N' in added)) {
    throw validationError(
      `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: ${typeOf(added)}`,
    );
  }
  if (current === undefined) return added;
  if ('N' in current && 'N' in added) {
    return { N: formatDecimal(addDecimals(parseDecimal(current.N), parseDecimal(added.N))) };
  }
  return combineSets(current, added, (members, others) => [
    ...new Set([...members, ...others]),
  ]) as AttributeValue;
}

function difference(
  current: AttributeValue | undefined,
  removed: AttributeValue,
): AttributeValue | undefined {
  if (setMembers(removed) === undefined) {
    throw validationError(
      `Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: ${typeOf(removed)}`,
    );
  }
  if (current === undefined) return undefined;
  return combineSets(current, removed, (members, others) =>
    members.filter((member) => !others.includes(member)),
  );
}

/** Returns a set of the same type, or `undefined` in place of an empty one, which DynamoDB does not have. */
function combineSets(
  left: AttributeValue,
  right: AttributeValue,
  combine: (left: readonly string[], right: readonly string[]) => string[],
): AttributeValue | undefined {
  const leftMembers = setMembers(left);
  const rightMembers = setMembers(right);
  if (leftMembers === undefined || rightMembers === undefined || typeOf(left) !== typeOf(right))
    throw wrongType();
  const members = combine(leftMembers, rightMembers);
  return members.length === 0 ? undefined : ({ [typeOf(left)]: members } as unknown as AttributeValue);
}

/** Returns `container` with the value at `path` replaced, or removed for `undefined`. */
function write(
  container: AttributeValue,
  path: readonly (string | number)[],
  value: AttributeValue | undefined,
): AttributeValue {
  const [segment, ...rest] = path as [string | number, ...(string | number)[]];
  if (typeof segment === 'number') return writeElement(container, segment, rest, value);
  if (!('M' in container)) throw wrongPath();
  const written = writeInside(container.M[segment], rest, value);
  const { [segment]: _replaced, ...others } = container.M;
  return { M: written === undefined ? others : { ...others, [segment]: written } };
}

function writeElement(
  container: AttributeValue,
  index: number,
  rest: readonly (string | number)[],
  value: AttributeValue | undefined,
): AttributeValue {
  if (!('L' in container)) throw wrongPath();
  const written = writeInside(container.L[index], rest, value);
  const elements = [...container.L];
  if (written === undefined) elements.splice(index, 1);
  else if (index < elements.length) elements[index] = written;
  else elements.push(written);
  return { L: elements };
}

function writeInside(
  inner: AttributeValue | undefined,
  rest: readonly (string | number)[],
  value: AttributeValue | undefined,
): AttributeValue | undefined {
  if (rest.length === 0) return value;
  if (inner === undefined) throw wrongPath();
  return write(inner, rest, value);
}

function wrongType(): ServiceError {
  return validationError('An operand in the update expression has an incorrect data type');
}

function wrongPath(): ServiceError {
  return validationError('The document path provided in the update expression is invalid for update');
}
