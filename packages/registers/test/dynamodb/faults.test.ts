/** What DynamoDB answers on its bad days, and what a store makes of it. */
import { type Clock, type ErrorCode, encodeUtf8, seededRandom } from '@clortho/base';
import {
  type DynamoDbFault,
  type DynamoDbRequest,
  type DynamoDbServer,
  startDynamoDbServer,
} from '@clortho/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CloudCredentials } from '../../src/cloud-options.ts';
import { checkTable, createTable } from '../../src/dynamodb/create-table.ts';
import { dynamoDbRegisterStore } from '../../src/dynamodb/dynamodb.ts';
import type { DynamoDbRegisterOptions } from '../../src/dynamodb/options.ts';
import type { RegisterStore } from '../../src/register-store.ts';

let server: DynamoDbServer;
let prefixes = 0;

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

function options(more: Partial<DynamoDbRegisterOptions> = {}): DynamoDbRegisterOptions {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return {
    table: 'registers',
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    clock: skippingClock(),
    random: seededRandom(++prefixes),
    prefix: `faults-${prefixes}`,
    retry: { attemptsMax: 4, delayMs: 10, delayMsMax: 100, elapsedMsMax: 10_000 },
    ...more,
  };
}

/** Lets the requests of an operation go wrong, in order; the rest go right. */
function strike(operation: string, ...faults: (DynamoDbFault | undefined)[]): DynamoDbRequest[] {
  const requests: DynamoDbRequest[] = [];
  server.faults.onRequest = (request) => {
    if (request.operation !== operation) return undefined;
    requests.push(request);
    return faults.shift();
  };
  return requests;
}

/** A fault for every attempt of a call. */
const always = (fault: DynamoDbFault): DynamoDbFault[] => Array.from({ length: 9 }, () => fault);

async function withStore(
  more: Partial<DynamoDbRegisterOptions>,
  body: (store: RegisterStore) => Promise<void>,
): Promise<void> {
  const store = dynamoDbRegisterStore(options(more));
  try {
    await body(store);
  } finally {
    server.faults.onRequest = undefined;
    await store.close();
  }
}

beforeAll(async () => {
  server = await startDynamoDbServer();
  await createTable(options());
});
afterEach(() => {
  server.faults.onRequest = undefined;
});
afterAll(() => server.close());

const value = encodeUtf8('value');
const one = [{ key: 'a', expect: 0, value }];
const two = [...one, { key: 'b', expect: 0, value }];
const three = [...two, { key: 'c', expect: 0 }];

describe('a transaction', () => {
  it('keeps its token while it is sent again, and shares it with no other', async () => {
    await withStore({}, async (store) => {
      const sent = strike(
        'TransactWriteItems',
        { kind: 'dropBeforeEffect' },
        { kind: 'error', code: 'TransactionConflict' },
      );
      await store.compareAndSwap(two);
      await store.compareAndSwap(two); // Lost, but a request of its own: the same bytes are another change.
      await store.compareAndSwap(two.map((change) => ({ ...change, expect: 1 })));
      const tokens = sent.map(({ input }) => input['ClientRequestToken']);
      const bodies = sent.map(({ input }) => JSON.stringify(input['TransactItems']));
      expect(tokens.length).toBe(5);
      expect(new Set(tokens.slice(0, 3)).size).toBe(1);
      expect(new Set(bodies.slice(0, 3)).size).toBe(1);
      expect(new Set(tokens.slice(2)).size).toBe(3);
    });
  });

  const lasting = (code: ErrorCode) => ({ code, attempts: 1 });
  it.each([
    [['TransactionConflict'], { code: 'CLORTHO_UNAVAILABLE', attempts: 4 }],
    [['None', 'ThrottlingError'], { code: 'CLORTHO_UNAVAILABLE', attempts: 4 }],
    [['None', 'None', 'ProvisionedThroughputExceeded'], { code: 'CLORTHO_UNAVAILABLE', attempts: 4 }],
    [['RequestLimitExceeded'], { code: 'CLORTHO_UNAVAILABLE', attempts: 4 }],
    [['ItemCollectionSizeLimitExceeded', 'TransactionConflict'], lasting('CLORTHO_UNAVAILABLE')],
    [['AccessDenied'], lasting('CLORTHO_UNAVAILABLE')],
    [['None', 'ValidationError'], lasting('CLORTHO_INVALID')],
    [['DuplicateItem'], lasting('CLORTHO_INVALID')],
  ])('that is cancelled for %j is not applied', async (reasons, { code, attempts }) => {
    await withStore({}, async (store) => {
      const sent = strike('TransactWriteItems', ...always({ kind: 'cancel', reasons }));
      await expect(store.compareAndSwap(three)).rejects.toMatchObject({ code });
      expect(sent.length).toBe(attempts);
      expect(await store.read(['a', 'b'])).toEqual([undefined, undefined]);
    });
  });

  it('loses if a condition failed, whatever else went wrong with it', async () => {
    await withStore({}, async (store) => {
      strike('TransactWriteItems', {
        kind: 'cancel',
        reasons: ['ConditionalCheckFailed', 'TransactionConflict'],
      });
      expect(await store.compareAndSwap(two)).toEqual({ applied: false, current: [undefined, undefined] });
    });
  });
});

describe('an error of the service', () => {
  it.each([
    ['ProvisionedThroughputExceededException', 'CLORTHO_UNAVAILABLE', 4],
    ['ThrottlingException', 'CLORTHO_UNAVAILABLE', 4],
    ['RequestLimitExceeded', 'CLORTHO_UNAVAILABLE', 4],
    ['LimitExceededException', 'CLORTHO_UNAVAILABLE', 4],
    ['ReplicatedWriteConflictException', 'CLORTHO_UNAVAILABLE', 4],
    ['TransactionConflict', 'CLORTHO_UNAVAILABLE', 4],
    ['IdempotentParameterMismatchException', 'CLORTHO_UNAVAILABLE', 1],
    ['ItemCollectionSizeLimitExceededException', 'CLORTHO_UNAVAILABLE', 1],
    ['ExpiredTokenException', 'CLORTHO_UNAVAILABLE', 1],
    ['AccessDeniedException', 'CLORTHO_UNAVAILABLE', 1],
    ['ResourceNotFoundException', 'CLORTHO_NOT_FOUND', 1],
    ['ValidationException', 'CLORTHO_INVALID', 1],
    ['TransactionInProgressException', 'CLORTHO_OUTCOME_UNKNOWN', 4],
    ['InternalServerError', 'CLORTHO_OUTCOME_UNKNOWN', 4],
  ] as const)('%s is %s', async (fault, code, attempts) => {
    for (const [operation, changes] of [
      ['UpdateItem', one],
      ['TransactWriteItems', two],
    ] as const) {
      await withStore({}, async (store) => {
        const sent = strike(operation, ...always({ kind: 'error', code: fault }));
        const refusal = await store.compareAndSwap(changes).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code, cause: expect.any(Error) });
        expect(sent.length).toBe(attempts);
        expect(await store.read(['a', 'b'])).toEqual([undefined, undefined]);
      });
    }
  });

  it('is final after an attempt without an answer only for what it is certain of', async () => {
    await withStore({}, async (store) => {
      strike('UpdateItem', { kind: 'dropBeforeEffect' }, { kind: 'error', code: 'AccessDeniedException' });
      await expect(store.compareAndSwap(one)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
    });
  });
});

describe('an answer that does not come', () => {
  it('closes its socket when the time is over', async () => {
    await withStore({ requestTimeoutMs: 150 }, async (store) => {
      await store.read(['warm']);
      const before = server.counters.abandoned;
      strike('UpdateItem', { kind: 'delay', delayMs: 20_000 });
      expect(await store.compareAndSwap(one)).toEqual({ applied: true });
      await vi.waitFor(() => expect(server.counters.abandoned).toBe(before + 1), { timeout: 20_000 });
    });
  });

  it.each([{ kind: 'stallBody' }, { kind: 'truncateBody' }] as const)(
    'whole ($kind) is read again, and leaves a swap unknown',
    async (fault) => {
      await withStore({ requestTimeoutMs: 200 }, async (store) => {
        await store.compareAndSwap(one);
        strike('GetItem', fault);
        expect((await store.read(['a']))[0]?.value).toEqual(value);
        strike('UpdateItem', fault);
        const change = [{ key: 'a', expect: 1, value }];
        await expect(store.compareAndSwap(change)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
        expect((await store.read(['a']))[0]?.version).toBe(2);
      });
    },
  );
});

describe('credentials', () => {
  const good = (): CloudCredentials => ({
    accessKeyId: server.accessKeyId,
    secretAccessKey: server.secretAccessKey,
  });

  it('that are refused in the middle of a run are looked for again, without reopening', async () => {
    let current = good();
    let lookups = 0;
    const credentials = async (): Promise<CloudCredentials> => {
      lookups += 1;
      return current;
    };
    await withStore({ credentials }, async (store) => {
      await store.compareAndSwap(one);
      await store.read(['a']);
      expect(lookups).toBe(1);
      strike('GetItem', { kind: 'error', code: 'ExpiredTokenException' });
      await expect(store.read(['a'])).rejects.toMatchObject({
        code: 'CLORTHO_UNAVAILABLE',
        message: expect.stringContaining('credentials were refused'),
        cause: { name: 'ExpiredTokenException' },
      });
      current = { accessKeyId: 'rotated', secretAccessKey: 'x' };
      for (let tries = 0; tries < 2; tries += 1) {
        await expect(store.compareAndSwap([{ key: 'a', expect: 1, value }])).rejects.toMatchObject({
          code: 'CLORTHO_UNAVAILABLE',
          cause: { name: 'UnrecognizedClientException' },
        });
      }
      current = good();
      expect(await store.compareAndSwap([{ key: 'a', expect: 1, value }])).toEqual({ applied: true });
      expect(lookups).toBe(4);
    });
  });

  it('that cannot be found are unavailable, with the reason', async () => {
    const credentials = (): Promise<CloudCredentials> => Promise.reject(new Error('the vault is sealed'));
    await withStore({ credentials }, async (store) => {
      await expect(store.read(['a'])).rejects.toMatchObject({
        code: 'CLORTHO_UNAVAILABLE',
        cause: { name: 'CredentialsProviderError', message: 'the vault is sealed' },
      });
      // Nothing was sent, so there is no doubt about a swap either.
      await expect(store.compareAndSwap(one)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    });
  });
});

describe('a table', () => {
  async function makeTable(
    TableName: string,
    keys: readonly (readonly [string, 'S' | 'N', 'HASH' | 'RANGE'])[],
  ) {
    const { DynamoDBClient, CreateTableCommand } = await import('@aws-sdk/client-dynamodb');
    const { endpoint, region, accessKeyId, secretAccessKey } = server;
    const client = new DynamoDBClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: keys.map(([AttributeName, AttributeType]) => ({
          AttributeName,
          AttributeType,
        })),
        KeySchema: keys.map(([AttributeName, , KeyType]) => ({ AttributeName, KeyType })),
      }),
    );
    client.destroy();
  }

  it.each([
    ['one-key', [['pk', 'S', 'HASH']], 'key=HASH pk S wanted'],
    [
      'other-names',
      [
        ['id', 'S', 'HASH'],
        ['sk', 'S', 'RANGE'],
      ],
      'key=HASH id S, RANGE sk S wanted',
    ],
    [
      'other-type',
      [
        ['pk', 'S', 'HASH'],
        ['sk', 'N', 'RANGE'],
      ],
      'key=HASH pk S, RANGE sk N wanted',
    ],
  ] as const)('with another key is refused by name (%s)', async (table, keys, facts) => {
    await makeTable(table, keys);
    for (const check of [checkTable, createTable]) {
      await expect(check(options({ table }))).rejects.toMatchObject({
        code: 'CLORTHO_INVALID',
        message: expect.stringContaining(facts),
      });
    }
    await withStore({ table }, async (store) => {
      const refusal = {
        code: 'CLORTHO_INVALID',
        message: expect.stringContaining('the table has another key'),
      };
      for (const call of [
        () => store.read(['a']),
        () => store.read(['a', 'b']),
        () => store.compareAndSwap(one),
        () => store.compareAndSwap(two),
      ])
        await expect(call()).rejects.toMatchObject(refusal);
    });
  });

  it('that fits passes, and one that is not there is reported', async () => {
    await checkTable(options());
    await expect(checkTable(options({ table: 'nowhere' }))).rejects.toMatchObject({
      code: 'CLORTHO_NOT_FOUND',
    });
  });
});
