import { type Clock, isClorthoError, type RetryPolicy, seededRandom } from '@clortho/base';
import { type DynamoDbFault, type DynamoDbServer, startDynamoDbServer } from '@clortho/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerStoreConformance } from '../../src/conformance.ts';
import { createTable } from '../../src/dynamodb/create-table.ts';
import { dynamoDbRegisterStore } from '../../src/dynamodb/dynamodb.ts';
import type { DynamoDbRegisterOptions } from '../../src/dynamodb/options.ts';

let server: DynamoDbServer;
let namespaces = 0;
let seeds = 0;

/** Waits for nothing: retries are immediate, and time passes by what they would have slept. */
function skippingClock(): Clock {
  let skippedMs = 0;
  return {
    now: () => skippedMs * 1000,
    monotonic: () => skippedMs,
    sleep: (ms) => {
      skippedMs += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const RETRY: RetryPolicy = { attemptsMax: 5, delayMs: 10, delayMsMax: 100, elapsedMsMax: 10_000 };

function options(more: Partial<DynamoDbRegisterOptions> = {}): DynamoDbRegisterOptions {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  return {
    table: 'registers',
    endpoint,
    region,
    credentials,
    clock: skippingClock(),
    random: seededRandom(++seeds),
    ...more,
  };
}

function fresh(more: Partial<DynamoDbRegisterOptions> = {}): ReturnType<typeof dynamoDbRegisterStore> {
  namespaces += 1;
  return dynamoDbRegisterStore(options({ prefix: `test-${namespaces}`, ...more }));
}

/** Strikes the first `times` requests of an operation. */
function strike(operation: string, fault: DynamoDbFault, times = 1): void {
  let left = times;
  server.faults.onRequest = (request) => {
    if (request.operation !== operation || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

beforeAll(async () => {
  server = await startDynamoDbServer();
  await createTable(options());
});
afterEach(() => {
  server.faults.onRequest = undefined;
});
afterAll(() => server.close());

registerStoreConformance(
  { describe, it },
  {
    name: 'dynamodb',
    open: () => {
      namespaces += 1;
      const prefix = `conformance-${namespaces}`;
      const open = (): ReturnType<typeof dynamoDbRegisterStore> => dynamoDbRegisterStore(options({ prefix }));
      return Promise.resolve({
        store: open(),
        openAnother: () => Promise.resolve(open()),
        close: () => Promise.resolve(),
      });
    },
  },
);

const value = new Uint8Array([1, 2, 3]);
const one = [{ key: 'a', expect: 0, value }];
const two = [...one, { key: 'b', expect: 0, value }];

describe.each([
  { operation: 'UpdateItem', changes: one },
  { operation: 'TransactWriteItems', changes: two },
])('a DynamoDB swap by $operation', ({ operation, changes }) => {
  const versions = changes.map(() => 1);
  const keys = changes.map(({ key }) => key);

  it('is applied once after refusals that are certain', async () => {
    for (const code of [
      'ProvisionedThroughputExceededException',
      'ThrottlingException',
      'TransactionConflict',
    ]) {
      const store = fresh();
      strike(operation, { kind: 'error', code }, 3);
      expect(await store.compareAndSwap(changes)).toEqual({ applied: true });
      expect((await store.read(keys)).map((register) => register?.version)).toEqual(versions);
      await store.close();
    }
  });

  it('is unavailable, and not applied, when refusals use up the budget', async () => {
    const store = fresh();
    strike(operation, { kind: 'error', code: 'TransactionConflict' }, 99);
    await expect(store.compareAndSwap(changes)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect((await store.read(keys)).every((register) => register === undefined)).toBe(true);
    await store.close();
  });

  it('is applied once when an attempt had no effect and nobody knew', async () => {
    for (const fault of [
      { kind: 'dropBeforeEffect' },
      { kind: 'error', code: 'InternalServerError' },
      { kind: 'error', code: 'TransactionInProgressException' },
    ] as const) {
      const store = fresh();
      strike(operation, fault);
      expect(await store.compareAndSwap(changes)).toEqual({ applied: true });
      expect((await store.read(keys)).map((register) => register?.version)).toEqual(versions);
      await store.close();
    }
  });

  it('is unknown when every answer is lost', async () => {
    const store = fresh({ retry: { ...RETRY, attemptsMax: 3 } });
    strike(operation, { kind: 'dropBeforeEffect' }, 99);
    await expect(store.compareAndSwap(changes)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    await store.close();
  });

  it('is unknown, and there, when a timeout hides its success', async () => {
    const store = fresh({ requestTimeoutMs: 150, retry: { ...RETRY, attemptsMax: 1 } });
    await store.read(['warm']);
    strike(operation, { kind: 'delayAfterEffect', delayMs: 400 });
    await expect(store.compareAndSwap(changes)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    expect((await store.read(keys)).map((register) => register?.version)).toEqual(versions);
    await store.close();
  });

  it('is unknown when it is aborted under way', async () => {
    const store = fresh();
    const abort = new AbortController();
    server.faults.onRequest = (request) => {
      if (request.operation !== operation) return undefined;
      abort.abort();
      return { kind: 'delay', delayMs: 50 };
    };
    await expect(store.compareAndSwap(changes, { signal: abort.signal })).rejects.toMatchObject({
      code: 'CLORTHO_OUTCOME_UNKNOWN',
    });
    await store.close();
  });
});

describe('a DynamoDB swap whose answer was lost', () => {
  it('of one register is unknown, never taken for a lost race against itself', async () => {
    const store = fresh();
    strike('UpdateItem', { kind: 'dropAfterEffect' });
    await expect(store.compareAndSwap(one)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    expect((await store.read(['a']))[0]).toEqual({ key: 'a', version: 1, value });
    await store.close();
  });

  it('of several registers is known by its request token', async () => {
    const store = fresh();
    strike('TransactWriteItems', { kind: 'errorAfterEffect', code: 'InternalServerError' });
    expect(await store.compareAndSwap(two)).toEqual({ applied: true });
    expect((await store.read(['a', 'b'])).map((register) => register?.version)).toEqual([1, 1]);
    await store.close();
  });

  it('is unknown when another writer came between', async () => {
    const store = fresh();
    let requests = 0;
    server.faults.onRequest = ({ operation }) => {
      if (operation !== 'TransactWriteItems') return undefined;
      requests += 1;
      return requests === 1 ? { kind: 'dropBeforeEffect' } : undefined;
    };
    await store.compareAndSwap(one);
    await expect(store.compareAndSwap(two)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    await store.close();
  });
});

describe('DynamoDB registers', () => {
  it('report what a lost swap ran into', async () => {
    const store = fresh();
    await store.compareAndSwap(one);
    const register = { key: 'a', version: 1, value };
    expect(await store.compareAndSwap(one)).toEqual({ applied: false, current: [register] });
    expect(await store.compareAndSwap(two)).toEqual({ applied: false, current: [register, undefined] });
    await store.close();
  });

  it('check without writing', async () => {
    const store = fresh();
    const before = { ...server.counters.operations };
    await store.compareAndSwap([
      { key: 'a', expect: 0 },
      { key: 'b', expect: 0 },
    ]);
    expect(server.counters.operations['TransactWriteItems']).toBe(before['TransactWriteItems']);
    await store.close();
  });

  it('read again after any failure, and give up in the end', async () => {
    for (const [operation, keys] of [
      ['GetItem', ['a']],
      ['TransactGetItems', ['a', 'b']],
    ] as const) {
      const store = fresh({ retry: RETRY });
      strike(operation, { kind: 'dropBeforeEffect' }, 4);
      expect((await store.read(keys)).length).toBe(keys.length);
      strike(operation, { kind: 'error', code: 'TransactionConflict' }, 4);
      expect((await store.read(keys)).length).toBe(keys.length);
      strike(operation, { kind: 'error', code: 'InternalServerError' }, 5);
      await expect(store.read(keys)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
      await store.close();
    }
  });

  it('list page by page', async () => {
    const store = fresh();
    const large = new Uint8Array(250_000);
    for (let index = 0; index < 10; index += 1) {
      await store.compareAndSwap([{ key: `k${index}`, expect: 0, value: large }]);
    }
    const before = server.counters.operations['Query'] ?? 0;
    const keys: string[] = [];
    for await (const { key } of store.list('k')) keys.push(key);
    expect(keys).toEqual(Array.from({ length: 10 }, (_key, index) => `k${index}`));
    expect((server.counters.operations['Query'] ?? 0) - before).toBeGreaterThan(1);
    await store.close();
  });

  it('keep namespaces of one table apart', async () => {
    const left = fresh();
    const right = fresh();
    await left.compareAndSwap(one);
    expect(await right.read(['a'])).toEqual([undefined]);
    for await (const { key } of right.list('')) expect(key).toBe('none');
    await left.close();
    await right.close();
  });

  it('say what is wrong with their place', async () => {
    const wrongs: readonly (readonly [Partial<DynamoDbRegisterOptions>, string])[] = [
      [{ table: 'no-such-table' }, 'CLORTHO_NOT_FOUND'],
      [{ credentials: { accessKeyId: 'testkey', secretAccessKey: 'wrong' } }, 'CLORTHO_UNAVAILABLE'],
      [{ credentials: { accessKeyId: 'stranger', secretAccessKey: 'wrong' } }, 'CLORTHO_UNAVAILABLE'],
      [{ endpoint: 'http://127.0.0.1:1' }, 'CLORTHO_UNAVAILABLE'],
    ];
    for (const [wrong, code] of wrongs) {
      const store = fresh(wrong);
      await expect(store.read(['a'])).rejects.toMatchObject({ code });
      await expect(store.compareAndSwap(one)).rejects.toMatchObject({ code });
      await expect(store.compareAndSwap(two)).rejects.toMatchObject({ code });
      await store.close();
    }
    expect(() => fresh({ prefix: '' })).toThrow(
      expect.toSatisfy((error: unknown) => isClorthoError(error, 'CLORTHO_INVALID')),
    );
  });
});

describe('createTable', () => {
  it('creates a table once and leaves a fitting one alone', async () => {
    const table = 'created';
    await createTable(options({ table }));
    const store = fresh({ table });
    await store.compareAndSwap(one);
    await createTable(options({ table }));
    expect((await store.read(['a']))[0]?.version).toBe(1);
    await store.close();
  });

  it('refuses a table with another key', async () => {
    const { DynamoDBClient, CreateTableCommand } = await import('@aws-sdk/client-dynamodb');
    const { endpoint, region, accessKeyId, secretAccessKey } = server;
    const client = new DynamoDBClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    await client.send(
      new CreateTableCommand({
        TableName: 'unfitting',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    client.destroy();
    await expect(createTable(options({ table: 'unfitting' }))).rejects.toMatchObject({
      code: 'CLORTHO_INVALID',
    });
  });
});
