import { systemClock } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/dynamodb-server/database.ts';
import { deleteItem, getItem, putItem, updateItem } from '../../src/dynamodb-server/operations/items.ts';
import { query } from '../../src/dynamodb-server/operations/query.ts';
import { scan } from '../../src/dynamodb-server/operations/scan.ts';
import {
  createTable,
  deleteTable,
  describeTable,
  listTables,
} from '../../src/dynamodb-server/operations/tables.ts';
import { transactGetItems, transactWriteItems } from '../../src/dynamodb-server/operations/transactions.ts';
import type { JsonObject } from '../../src/dynamodb-server/request.ts';

const TableName = 'things';

function database(): Database & { elapse(ms: number): void } {
  let elapsedMs = 0;
  const clock = { ...systemClock, monotonic: () => elapsedMs };
  const made: Database = { clock, region: 'us-east-1', tables: new Map(), applied: new Map() };
  createTable(made, {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  });
  return Object.assign(made, {
    elapse(ms: number) {
      elapsedMs += ms;
    },
  });
}

const key = (sk: string, pk = 'p'): JsonObject => ({ pk: { S: pk }, sk: { S: sk } });
const add = (sk: string, count: string): JsonObject => ({
  Update: {
    TableName,
    Key: key(sk),
    UpdateExpression: 'ADD n :n',
    ExpressionAttributeValues: { ':n': { N: count } },
  },
});
const failing = (sk: string): JsonObject => ({
  ConditionCheck: { TableName, Key: key(sk), ConditionExpression: 'attribute_exists(pk)' },
});
const refused = (code: string): unknown => expect.objectContaining({ code });

describe('tables', () => {
  it('are described, listed and deleted', () => {
    const data = database();
    expect(describeTable(data, { TableName })).toMatchObject({
      Table: { TableStatus: 'ACTIVE', ItemCount: 0 },
    });
    expect(listTables(data, {})).toEqual({ TableNames: [TableName] });
    deleteTable(data, { TableName });
    expect(() => describeTable(data, { TableName })).toThrow(refused('ResourceNotFoundException'));
  });

  it('refuse settings that the server does not have', () => {
    const settings = { TableName: 'other', GlobalSecondaryIndexes: [{}] };
    expect(() => createTable(database(), settings)).toThrow(refused('ValidationException'));
  });
});

describe('items', () => {
  it('return what was asked for', () => {
    const data = database();
    const item = { ...key('a'), n: { N: '1' }, s: { S: 'x' } };
    putItem(data, { TableName, Item: item });
    const change = { ...(add('a', '2')['Update'] as JsonObject) };
    expect(updateItem(data, { ...change, ReturnValues: 'UPDATED_NEW' })).toEqual({
      Attributes: { n: { N: '3' } },
    });
    expect(updateItem(data, { ...change, ReturnValues: 'UPDATED_OLD' })).toEqual({
      Attributes: { n: { N: '3' } },
    });
    expect(updateItem(data, { ...change, ReturnValues: 'ALL_NEW' })).toEqual({
      Attributes: { ...item, n: { N: '7' } },
    });
    expect(deleteItem(data, { TableName, Key: key('a'), ReturnValues: 'ALL_OLD' })).toMatchObject({
      Attributes: { n: { N: '7' } },
    });
    expect(getItem(data, { TableName, Key: key('a') })).toEqual({});
  });

  it('are not touched by a request that fails', () => {
    const data = database();
    const request = { TableName, Item: { ...key('a'), n: { N: '1' } } };
    putItem(data, request);
    const conditional = {
      ...request,
      Item: key('a'),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
    expect(() => putItem(data, conditional)).toThrow(
      expect.objectContaining({ code: 'ConditionalCheckFailedException', fields: { Item: request.Item } }),
    );
    expect(getItem(data, { TableName, Key: key('a') })).toEqual({ Item: request.Item });
  });
});

describe('a transaction', () => {
  it('is applied whole or not at all', () => {
    const data = database();
    transactWriteItems(data, { TransactItems: [add('a', '1'), add('b', '2')] });
    expect(() => transactWriteItems(data, { TransactItems: [add('a', '1'), failing('none')] })).toThrow(
      expect.objectContaining({
        code: 'TransactionCanceledException',
        fields: {
          CancellationReasons: [
            { Code: 'None' },
            expect.objectContaining({ Code: 'ConditionalCheckFailed' }),
          ],
        },
      }),
    );
    const gets = ['a', 'b', 'none'].map((sk) => ({
      Get: { TableName, Key: key(sk), ProjectionExpression: 'n' },
    }));
    expect(transactGetItems(data, { TransactItems: gets })).toEqual({
      Responses: [{ Item: { n: { N: '1' } } }, { Item: { n: { N: '2' } } }, {}],
    });
  });

  it('is applied once per token, for ten minutes', () => {
    const data = database();
    const request = { TransactItems: [add('a', '1')], ClientRequestToken: 'token' };
    const count = (): unknown =>
      getItem(data, { TableName, Key: key('a'), ProjectionExpression: 'n' })['Item'];
    transactWriteItems(data, request);
    data.elapse(10 * 60 * 1000 - 1);
    transactWriteItems(data, request);
    expect(count()).toEqual({ n: { N: '1' } });
    const other = { ...request, TransactItems: [add('a', '5')] };
    expect(() => transactWriteItems(data, other)).toThrow(refused('IdempotentParameterMismatchException'));
    data.elapse(1);
    transactWriteItems(data, request);
    expect(count()).toEqual({ n: { N: '2' } });
  });

  it('that was cancelled does not use up its token', () => {
    const data = database();
    const request = { TransactItems: [add('a', '1'), failing('b')], ClientRequestToken: 'token' };
    expect(() => transactWriteItems(data, request)).toThrow(refused('TransactionCanceledException'));
    putItem(data, { TableName, Item: key('b') });
    transactWriteItems(data, request);
    expect(getItem(data, { TableName, Key: key('a') })).toMatchObject({ Item: { n: { N: '1' } } });
  });

  it('takes 100 actions on different items, 4 MB together', () => {
    const data = database();
    const puts = (count: number, length: number): JsonObject => ({
      TransactItems: Array.from({ length: count }, (_put, index) => ({
        Put: { TableName, Item: { ...key(String(index)), d: { S: 'x'.repeat(length) } } },
      })),
    });
    transactWriteItems(data, puts(100, 1000));
    for (const request of [
      puts(101, 1),
      puts(11, 399 * 1024),
      { TransactItems: [] },
      { TransactItems: [add('a', '1'), failing('a')] },
      { TransactItems: [{ ...add('a', '1'), ...failing('b') }] },
    ]) {
      expect(() => transactWriteItems(data, request)).toThrow(refused('ValidationException'));
    }
  });
});

describe('Query and Scan', () => {
  const data = database();
  const sorts = ['a', 'b', 'b/1', 'b/2', 'c', 'é', '\uff5e', '😀'];
  for (const pk of ['p', 'q', 'r']) {
    for (const sk of sorts) putItem(data, { TableName, Item: key(sk, pk) });
  }
  const queried = (condition: string, more: JsonObject = {}, values: JsonObject = {}): string[] => {
    const answer = query(data, {
      TableName,
      KeyConditionExpression: `pk = :p${condition}`,
      ExpressionAttributeValues: { ':p': { S: 'p' }, ...values },
      ...more,
    });
    return (answer['Items'] as { sk: { S: string } }[]).map(({ sk }) => sk.S);
  };

  it('return sort keys in byte order, forwards, backwards and in ranges', () => {
    expect(queried('')).toEqual(sorts);
    expect(queried('', { ScanIndexForward: false })).toEqual(sorts.toReversed());
    expect(queried(' AND begins_with(sk, :b)', {}, { ':b': { S: 'b' } })).toEqual(['b', 'b/1', 'b/2']);
    expect(queried(' AND sk > :b', {}, { ':b': { S: 'b/2' } })).toEqual(['c', 'é', '\uff5e', '😀']);
    expect(queried(' AND sk BETWEEN :b AND :c', {}, { ':b': { S: 'b' }, ':c': { S: 'c' } })).toHaveLength(4);
    expect(queried(' AND sk <= :b', { ExclusiveStartKey: key('a'), Limit: 1 }, { ':b': { S: 'c' } })).toEqual(
      ['b'],
    );
  });

  it('refuse other key conditions', () => {
    for (const condition of [
      ' OR sk = :p',
      ' AND sk <> :p',
      ' AND contains(sk, :p)',
      ' AND sk = :p AND sk = :p',
    ]) {
      expect(() => queried(condition), condition).toThrow(refused('ValidationException'));
    }
  });

  it('page without gaps or doubles', () => {
    const seen: string[] = [];
    let after: unknown;
    do {
      const page = scan(data, { TableName, Limit: 5, ExclusiveStartKey: after });
      seen.push(...(page['Items'] as object[]).map((item) => JSON.stringify(item)));
      after = page['LastEvaluatedKey'];
    } while (after !== undefined);
    expect(seen).toHaveLength(3 * sorts.length);
    expect(new Set(seen).size).toBe(seen.length);
    const segments = [0, 1, 2].map(
      (Segment) => scan(data, { TableName, TotalSegments: 3, Segment })['Count'],
    );
    expect(segments.reduce<number>((sum, count) => sum + Number(count), 0)).toBe(seen.length);
  });
});
