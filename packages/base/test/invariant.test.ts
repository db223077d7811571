import { expect, test } from 'vitest';
import { InvariantError, invariant, isClorthoError } from '../src/index.ts';

function thrownBy(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a rule that holds does nothing', () => {
  expect(thrownBy(() => invariant(true, 'runs are disjoint'))).toBeUndefined();
});

test('a broken rule names the rule and the fact', () => {
  const error = thrownBy(() => invariant(false, 'runs are disjoint', 7));
  expect(error).toBeInstanceOf(InvariantError);
  expect(error).toMatchObject({ message: 'invariant broken: runs are disjoint: 7', fact: 7 });
});

test('a broken rule without a fact ends with the rule', () => {
  expect(() => invariant(false, 'runs are disjoint')).toThrow(/^invariant broken: runs are disjoint$/);
});

test('a bug is not an error that a caller could branch on', () => {
  expect(isClorthoError(new InvariantError('runs are disjoint', undefined))).toBe(false);
});
