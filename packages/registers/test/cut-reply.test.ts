/** Replies that break off after their status: what an error says is then unknown, whatever the status. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { encodeUtf8, seededRandom } from '@clortho/base';
import {
  type DynamoDbServer,
  type FaultProxy,
  type S3Server,
  startDynamoDbServer,
  startFaultProxy,
  startS3Server,
} from '@clortho/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTable, dynamoDbRegisterStore, type RegisterStore, s3RegisterStore } from '../src/index.ts';

let servers: readonly [DynamoDbServer, S3Server];
let proxies: readonly [FaultProxy, FaultProxy];
let namespaces = 0;

beforeAll(async () => {
  servers = await Promise.all([startDynamoDbServer(), startS3Server()]);
  const [dynamoDb, s3] = servers;
  proxies = await Promise.all([
    startFaultProxy({ target: dynamoDb.endpoint }),
    startFaultProxy({ target: s3.endpoint }),
  ]);
  await createTable({ ...accountOf(dynamoDb), table: 'registers' });
  const client = new S3Client({ ...accountOf(s3), forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'registers' }));
  client.destroy();
});
beforeEach(() => cutFirst(0));
afterAll(() => Promise.all([...proxies, ...servers].map((running) => running.close())));

function accountOf({ endpoint, region, accessKeyId, secretAccessKey }: DynamoDbServer | S3Server) {
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

function open(backend: 'DynamoDB' | 'S3'): RegisterStore {
  namespaces += 1;
  const retry = { attemptsMax: 3, delayMs: 1, delayMsMax: 1, elapsedMsMax: 5000 };
  const options = { prefix: `test-${namespaces}/`, random: seededRandom(1), retry };
  const [dynamoDb, s3] = servers;
  const [dynamoDbProxy, s3Proxy] = proxies;
  if (backend === 'S3')
    return s3RegisterStore({ ...accountOf(s3), endpoint: s3Proxy.endpoint, ...options, bucket: 'registers' });
  return dynamoDbRegisterStore({
    ...accountOf(dynamoDb),
    endpoint: dynamoDbProxy.endpoint,
    ...options,
    table: 'registers',
  });
}

/** Lets the first replies of both services break off. */
function cutFirst(count: number): void {
  let left = count;
  for (const { faults } of proxies) {
    faults.onRequest = () => {
      left -= 1;
      return left >= 0 ? { kind: 'cutReply' } : undefined;
    };
  }
}

const value = encodeUtf8('value');
const taken = [{ key: 'a', expect: 0, value }];

describe('a lost swap whose reply breaks off', () => {
  it.each([1, 9])('is known for what it is by the status of S3 (%i cut)', async (count) => {
    const store = open('S3');
    await store.compareAndSwap(taken);
    cutFirst(count);
    expect(await store.compareAndSwap(taken)).toMatchObject({ applied: false });
    cutFirst(0);
    await store.close();
  });

  it.each([1, 9])(
    'is unknown on DynamoDB, which says everything else with 400, too (%i cut)',
    async (count) => {
      const store = open('DynamoDB');
      await store.compareAndSwap(taken);
      cutFirst(count);
      await expect(store.compareAndSwap(taken)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
      cutFirst(0);
      expect((await store.read(['a']))[0]?.version).toBe(1);
      await store.close();
    },
  );
});

describe.each(['DynamoDB', 'S3'] as const)('a read of %s whose reply breaks off', (backend) => {
  it('is made again, also where there is no register', async () => {
    const store = open(backend);
    cutFirst(2);
    expect(await store.read(['a'])).toEqual([undefined]);
    cutFirst(9);
    await expect(store.read(['a'])).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    cutFirst(0);
    await store.close();
  });
});
