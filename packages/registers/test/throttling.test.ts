/** A service that throttles: calls wait for it and none fails, unless it never ends or the caller has enough. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type Clock, encodeUtf8, type RetryPolicy, seededRandom } from '@clortho/base';
import { type DynamoDbServer, type S3Server, startDynamoDbServer, startS3Server } from '@clortho/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RETRY_DEFAULT } from '../src/attempts.ts';
import { createTable, dynamoDbRegisterStore, type RegisterStore, s3RegisterStore } from '../src/index.ts';

const MINUTE_MS = 60_000;
const value = encodeUtf8('value');

let dynamoDb: DynamoDbServer;
let s3: S3Server;
let elapsedMs: number;
let namespaces = 0;

/** Time passes by what retries would have slept. */
const clock: Clock = {
  now: () => elapsedMs * 1000,
  monotonic: () => elapsedMs,
  sleep: (ms) => {
    elapsedMs += ms;
    return new Promise((resolve) => setImmediate(resolve));
  },
};

function account(server: DynamoDbServer | S3Server) {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

/** Opens registers of a namespace of their own, with the retries that everybody gets. */
function open(backend: 'DynamoDB' | 'S3', retry: RetryPolicy = RETRY_DEFAULT): RegisterStore {
  namespaces += 1;
  const options = { clock, random: seededRandom(namespaces), prefix: `test-${namespaces}/`, retry };
  if (backend === 'S3') return s3RegisterStore({ ...account(s3), ...options, bucket: 'registers' });
  return dynamoDbRegisterStore({ ...account(dynamoDb), ...options, table: 'registers' });
}

/** Lets both services throttle every request until so much time has passed. */
function throttleFor(ms: number, code = 'ThrottlingException'): void {
  dynamoDb.faults.onRequest = ({ input }) => {
    if (elapsedMs >= ms) return undefined;
    if (code !== 'ThrottlingError') return { kind: 'error', code };
    return Array.isArray(input['TransactItems']) ? { kind: 'cancel', reasons: ['None', code] } : undefined;
  };
  s3.faults.onRequest = () => (elapsedMs < ms ? { kind: 'error', status: 503, code: 'SlowDown' } : undefined);
}

beforeAll(async () => {
  [dynamoDb, s3] = await Promise.all([startDynamoDbServer(), startS3Server()]);
  await createTable({ ...account(dynamoDb), table: 'registers' });
  const client = new S3Client({ ...account(s3), forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'registers' }));
  client.destroy();
});
beforeEach(() => {
  elapsedMs = 0;
  throttleFor(0);
});
afterAll(() => Promise.all([dynamoDb.close(), s3.close()]));

const one = [{ key: 'a', expect: 0, value }];
const two = [...one, { key: 'b', expect: 0, value }];

describe.each([
  { backend: 'DynamoDB', code: 'ThrottlingException', changes: one },
  { backend: 'DynamoDB', code: 'ProvisionedThroughputExceededException', changes: two },
  { backend: 'DynamoDB', code: 'ThrottlingError', changes: two },
  { backend: 'S3', code: 'SlowDown', changes: one },
] as const)('$backend throttling by $code', ({ backend, code, changes }) => {
  it('for a minute slows a swap down, which is then applied once', async () => {
    const store = open(backend);
    throttleFor(MINUTE_MS, code);
    expect(await store.compareAndSwap(changes)).toEqual({ applied: true });
    expect(elapsedMs).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(elapsedMs).toBeLessThan(MINUTE_MS + 5000);
    expect((await store.read(['a']))[0]?.version).toBe(1);
    await store.close();
  });

  it('for ever is given up in the end, with the cause, and nothing was applied', async () => {
    const store = open(backend, { ...RETRY_DEFAULT, throttledMsMax: 5000 });
    throttleFor(Number.POSITIVE_INFINITY, code);
    const refusal = await store.compareAndSwap(changes).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'CLORTHO_UNAVAILABLE', cause: expect.any(Error) });
    expect(elapsedMs).toBeGreaterThan(3000);
    expect(elapsedMs).toBeLessThanOrEqual(5000);
    throttleFor(0);
    expect(await store.read(['a'])).toEqual([undefined]);
    await store.close();
  });
});

describe.each(['DynamoDB', 'S3'] as const)('%s throttling', (backend) => {
  it('slows reads and listings down', async () => {
    const store = open(backend);
    await store.compareAndSwap(one);
    throttleFor(MINUTE_MS);
    expect((await store.read(['a']))[0]?.value).toEqual(value);
    expect(elapsedMs).toBeGreaterThanOrEqual(MINUTE_MS);
    throttleFor(elapsedMs + MINUTE_MS);
    const listed: string[] = [];
    for await (const { key } of store.list('')) listed.push(key);
    expect(listed).toEqual(['a']);
    expect(elapsedMs).toBeGreaterThanOrEqual(2 * MINUTE_MS);
    await store.close();
  });

  it('leaves the budget of failures as it is', async () => {
    const store = open(backend);
    let requests = 0;
    // Every other request is lost: without throttling in between the budget is twelve requests.
    const unsteady = (): 'lost' | 'throttled' => ((requests += 1) % 2 === 0 ? 'lost' : 'throttled');
    dynamoDb.faults.onRequest = () =>
      unsteady() === 'lost' ? { kind: 'dropBeforeEffect' } : { kind: 'error', code: 'ThrottlingException' };
    s3.faults.onRequest = () =>
      unsteady() === 'lost' ? { kind: 'dropBeforeEffect' } : { kind: 'error', status: 503, code: 'SlowDown' };
    await expect(store.read(['a'])).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    expect(requests).toBe(24);
    await store.close();
  });

  it('ends for a caller that has enough', async () => {
    const store = open(backend);
    throttleFor(Number.POSITIVE_INFINITY);
    const abort = new AbortController();
    const read = store.read(['a'], { signal: abort.signal });
    setTimeout(() => abort.abort(), 30);
    await expect(read).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    await store.close();
  });
});
