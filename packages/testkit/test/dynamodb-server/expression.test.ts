import { describe, expect, it } from 'vitest';
import { checkItem, type Item } from '../../src/dynamodb-server/attribute-value.ts';
import { meets } from '../../src/dynamodb-server/expression/condition.ts';
import { parseCondition, parseProjection, parseUpdate } from '../../src/dynamodb-server/expression/parser.ts';
import { project } from '../../src/dynamodb-server/expression/path.ts';
import { placeholders } from '../../src/dynamodb-server/expression/placeholders.ts';
import { applyUpdate } from '../../src/dynamodb-server/expression/update.ts';

const VALUES = {
  ':zero': { N: '0' },
  ':one': { N: '1' },
  ':two': { N: '2' },
  ':ten': { N: '10' },
  ':a': { S: 'a' },
  ':ab': { S: 'ab' },
  ':bytes': { B: 'AQI=' },
  ':list': { L: [{ N: '1' }, { S: 'a' }] },
  ':tags': { SS: ['x', 'y'] },
  ':x': { SS: ['x'] },
  ':xText': { S: 'x' },
  ':map': { M: {} },
  ':typeN': { S: 'N' },
  ':null': { NULL: true },
};
const NAMES = { '#name': 'name', '#dotted': 'a.b' };

const ITEM: Item = checkItem({
  n: { N: '2.0' },
  s: { S: 'abc' },
  b: { B: 'AQID' },
  name: { S: 'reserved' },
  'a.b': { N: '1' },
  tags: { SS: ['y', 'x'] },
  elements: { L: [{ N: '1' }, { M: { deep: { S: 'a' } } }, { N: '3' }] },
  doc: { M: { inner: { N: '5' }, other: { N: '6' } } },
  gone: { NULL: true },
});

function isMet(text: string): boolean {
  return meets(ITEM, parseCondition('ConditionExpression', text, placeholders(NAMES, VALUES)));
}

function updated(text: string): Item {
  return applyUpdate(ITEM, parseUpdate('UpdateExpression', text, placeholders(NAMES, VALUES)));
}

describe('a condition', () => {
  it.each([
    'n = :two',
    'n < :ten',
    'n > :one AND s > :ab',
    's <> :a',
    'absent <> :a',
    'n BETWEEN :one AND :ten',
    'n IN (:one, :two)',
    'attribute_exists(doc.inner)',
    'attribute_not_exists(doc.absent) AND attribute_not_exists(elements[9])',
    'attribute_type(n, :typeN)',
    'begins_with(s, :ab) AND begins_with(b, :bytes)',
    'contains(s, :ab)',
    'contains(tags, :xText)',
    'contains(elements, :one)',
    'tags = :tags',
    'size(s) > :two AND size(tags) = :two AND size(doc) = :two',
    'elements[1].deep = :a',
    '#name > :a AND #dotted = :one',
    'NOT n = :one AND (s = :a OR n = :two)',
    'n = :one OR n = :two AND s > :a',
    'gone = :null',
  ])('holds: %s', (text) => {
    expect(isMet(text)).toBe(true);
  });

  it.each([
    'n = :a',
    's < :ten',
    'absent = :a',
    'absent < :ten',
    'n BETWEEN :ten AND :one',
    'n IN (:one, :ten)',
    'attribute_exists(absent)',
    'begins_with(s, :bytes)',
    'begins_with(n, :two)',
    'contains(elements, :a)',
    'contains(tags, :x)',
    'size(n) = :one',
    'doc < :map',
    'NOT (n = :two OR n = :one)',
  ])('does not hold: %s', (text) => {
    expect(isMet(text)).toBe(false);
  });

  it.each([
    '',
    'n =',
    'n = :two)',
    '(n = :two',
    'n == :two',
    'name = :a',
    'n = :undefined',
    '#undefined = :a',
    'frobnicate(n, :a)',
    'n = :two garbage',
    'n BETWEEN :one',
    'elements[x] = :one',
    'n ! :two',
  ])('is refused: %s', (text) => {
    expect(() => isMet(text)).toThrow(expect.objectContaining({ code: 'ValidationException' }));
  });
});

describe('an update', () => {
  it('reads every operand from the item before it', () => {
    const after = updated('SET n = n + :ten, copied = n, elements[0] = elements[2], minus = n - :one');
    expect(after).toMatchObject({
      n: { N: '12' },
      copied: { N: '2' },
      minus: { N: '1' },
      elements: { L: [{ N: '3' }, { M: { deep: { S: 'a' } } }, { N: '3' }] },
    });
    expect(ITEM).toMatchObject({ n: { N: '2' } });
  });

  it('has functions, and removes list elements where they were', () => {
    expect(
      updated(
        'SET elements = list_append(:list, elements), fresh = if_not_exists(fresh, :a), s = if_not_exists(s, :a)',
      ),
    ).toMatchObject({ fresh: { S: 'a' }, s: { S: 'abc' }, elements: { L: { length: 5 } } });
    const removed = updated('REMOVE elements[0], elements[2], doc.inner, absent');
    expect(removed).toMatchObject({ elements: { L: [{ M: { deep: { S: 'a' } } }] } });
    expect(removed['doc']).toEqual({ M: { other: { N: '6' } } });
  });

  it('adds numbers and sets, and deletes from sets until none is left', () => {
    expect(updated('ADD n :ten, total :one, tags :x, fresh :tags')).toMatchObject({
      n: { N: '12' },
      total: { N: '1' },
      tags: { SS: ['y', 'x'] },
      fresh: { SS: ['x', 'y'] },
    });
    expect(updated('DELETE tags :x')['tags']).toEqual({ SS: ['y'] });
    expect(updated('DELETE tags :tags')['tags']).toBeUndefined();
  });

  it('appends beyond the end of a list', () => {
    expect(updated('SET elements[99] = :a')['elements']).toMatchObject({ L: { length: 4 } });
  });

  it.each([
    'SET n = :one, n = :two',
    'SET doc = :map, doc.inner = :one',
    'SET n = :one SET s = :a',
    'SET n = absent',
    'SET n = s + :one',
    'SET absent.inner = :one',
    'SET s.inner = :one',
    'SET elements = list_append(s, :list)',
    'ADD s :one',
    'ADD n :a',
    'DELETE n :one',
    'DELETE tags :a',
    'REMOVE',
    'SET n',
    'FROB n',
  ])('is refused: %s', (text) => {
    expect(() => updated(text)).toThrow(expect.objectContaining({ code: 'ValidationException' }));
  });
});

describe('a projection', () => {
  it('keeps the wanted parts and drops what is absent', () => {
    const paths = parseProjection(
      'ProjectionExpression',
      '#name, doc.inner, elements[2], elements[0], absent',
      placeholders(NAMES, {}),
    );
    expect(project(ITEM, paths)).toEqual({
      name: { S: 'reserved' },
      doc: { M: { inner: { N: '5' } } },
      elements: { L: [{ N: '1' }, { N: '3' }] },
    });
  });
});

describe('placeholders', () => {
  it('must all be used', () => {
    const both = placeholders(NAMES, VALUES);
    parseCondition('ConditionExpression', '#name = :a', both);
    expect(() => both.checkAllUsed()).toThrow(/unused/);
    const exact = placeholders({ '#n': 'n' }, { ':v': { N: '1' } });
    parseCondition('ConditionExpression', '#n = :v', exact);
    exact.checkAllUsed();
    expect(() => parseCondition('ConditionExpression', '#n = :absent', exact)).toThrow(/not defined/);
  });
});
