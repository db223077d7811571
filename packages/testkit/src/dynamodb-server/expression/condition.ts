/** Tells whether an item meets a condition. */
import {
  type AttributeValue,
  equalValues,
  type Item,
  orderKey,
  setMembers,
  typeOf,
} from '../attribute-value.ts';
import { valueAt } from './path.ts';
import type { Comparator, Condition, Operand } from './syntax.ts';

/** Evaluates `condition` on `item`; an absent item is one without attributes. */
export function meets(item: Item, condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
      return meets(item, condition.left) && meets(item, condition.right);
    case 'or':
      return meets(item, condition.left) || meets(item, condition.right);
    case 'not':
      return !meets(item, condition.condition);
    case 'exists':
      return (valueAt(item, condition.path) !== undefined) === condition.wanted;
    case 'compare':
      return compares(evaluate(item, condition.left), condition.comparator, evaluate(item, condition.right));
    case 'between': {
      const value = evaluate(item, condition.operand);
      return (
        compares(value, '>=', evaluate(item, condition.low)) &&
        compares(value, '<=', evaluate(item, condition.high))
      );
    }
    case 'in': {
      const value = evaluate(item, condition.operand);
      return condition.candidates.some((candidate) => compares(value, '=', evaluate(item, candidate)));
    }
    case 'type': {
      const value = valueAt(item, condition.path);
      const type = evaluate(item, condition.type);
      return value !== undefined && type !== undefined && 'S' in type && typeOf(value) === type.S;
    }
    case 'beginsWith':
      return beginsWith(evaluate(item, condition.operand), evaluate(item, condition.start));
    case 'contains':
      return contains(evaluate(item, condition.operand), evaluate(item, condition.member));
  }
}

/** Returns the value of an operand, or `undefined` where the item has none. */
export function evaluate(item: Item, operand: Operand): AttributeValue | undefined {
  if (operand.kind === 'value') return operand.value;
  const value = valueAt(item, operand.path);
  if (operand.kind === 'path') return value;
  const size = value === undefined ? undefined : sizeOf(value);
  return size === undefined ? undefined : { N: String(size) };
}

function compares(
  left: AttributeValue | undefined,
  comparator: Comparator,
  right: AttributeValue | undefined,
): boolean {
  if (left === undefined || right === undefined) return comparator === '<>' && left !== right;
  if (comparator === '=') return equalValues(left, right);
  if (comparator === '<>') return !equalValues(left, right);
  const leftKey = orderKey(left);
  const rightKey = orderKey(right);
  if (leftKey === undefined || rightKey === undefined || typeOf(left) !== typeOf(right)) return false;
  if (comparator === '<') return leftKey < rightKey;
  if (comparator === '<=') return leftKey <= rightKey;
  return comparator === '>' ? leftKey > rightKey : leftKey >= rightKey;
}

function beginsWith(value: AttributeValue | undefined, start: AttributeValue | undefined): boolean {
  if (value === undefined || start === undefined || typeOf(value) !== typeOf(start) || 'N' in value)
    return false;
  const startKey = orderKey(start);
  return startKey !== undefined && (orderKey(value)?.startsWith(startKey) ?? false);
}

function contains(value: AttributeValue | undefined, member: AttributeValue | undefined): boolean {
  if (value === undefined || member === undefined) return false;
  if ('L' in value) return value.L.some((element) => equalValues(element, member));
  const members = setMembers(value);
  if (members !== undefined) {
    return typeOf(value) === `${typeOf(member)}S` && members.includes(Object.values(member)[0] as string);
  }
  if ('N' in value || typeOf(value) !== typeOf(member)) return false;
  return orderKey(value)?.includes(orderKey(member) as string) ?? false;
}

function sizeOf(value: AttributeValue): number | undefined {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('B' in value) return Buffer.byteLength(value.B, 'base64');
  if ('L' in value) return value.L.length;
  if ('M' in value) return Object.keys(value.M).length;
  return setMembers(value)?.length;
}
