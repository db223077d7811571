/** Keys that expire in the middle of a run, on servers that check them: reported with the cause, and made good by new ones. */
import { createBucket } from '@clortho/object-store';
import { createTable } from '@clortho/registers';
import { type DynamoDbServer, type S3Server, startDynamoDbServer, startS3Server } from '@clortho/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, type Store } from '../src/index.ts';
import { rowsOf, text } from './support/answers.ts';

const FIRST = { accessKeyId: 'FIRSTKEY', secretAccessKey: 'first-secret' };
const SECOND = { accessKeyId: 'SECONDKEY', secretAccessKey: 'second-secret' };
const CODES = {
  s3: 'InvalidAccessKeyId',
  dynamoDb: 'UnrecognizedClientException',
} as const;

let s3: S3Server;
let dynamoDb: DynamoDbServer;
/** What a process finds when it looks for keys. */
let found: typeof FIRST;

beforeEach(async () => {
  [s3, dynamoDb] = await Promise.all([startS3Server(FIRST), startDynamoDbServer(FIRST)]);
  found = FIRST;
  const account = { region: s3.region, credentials: FIRST };
  await createBucket({ ...account, bucket: 'bucket', endpoint: s3.endpoint });
  await createTable({ ...account, table: 'table', endpoint: dynamoDb.endpoint });
});
afterEach(() => Promise.all([s3.close(), dynamoDb.close()]));

function openStore(url: string): Promise<Store> {
  const aws = {
    region: s3.region,
    s3Endpoint: s3.endpoint,
    dynamoDbEndpoint: dynamoDb.endpoint,
    credentials: async () => found,
  };
  return open(url, { aws, compaction: 'manual', refreshMs: 20, tuning: { threads: 0 } });
}

/** Returns what a call failed with: the code, and the name of what the service said. */
async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: Error) => reason,
  );
  const { code, cause } = error as Error & { code?: unknown };
  return { code, cause: (cause as Error | undefined)?.name };
}

describe.each([
  { url: 's3://bucket/a?registers=dynamodb://table', expire: ['s3'], refused: 's3' },
  { url: 's3://bucket/a?registers=dynamodb://table', expire: ['dynamoDb'], refused: 'dynamoDb' },
  { url: 's3://bucket/a?registers=dynamodb://table', expire: ['s3', 'dynamoDb'], refused: 's3' },
  { url: 's3://bucket/bare', expire: ['s3'], refused: 's3' },
] as const)('a handle on $url whose keys expire for $expire', ({ url, expire, refused }) => {
  const replaceKeys = (key: typeof FIRST): void => {
    for (const service of expire) (service === 's3' ? s3 : dynamoDb).replaceKey(key);
  };

  it('says so with the cause, and goes on when there are new ones', async () => {
    const store = await openStore(url);
    await store.put('before', '1');
    replaceKeys(SECOND);
    const refusal = { code: 'CLORTHO_UNAVAILABLE', cause: CODES[refused] };
    for (let tries = 0; tries < 3; tries += 1)
      expect(await refusalOf(store.put('lost', '2'))).toEqual(refusal);
    expect(await refusalOf(store.transact((tx) => tx.put('lost', '3')))).toEqual(refusal);
    const registersOnS3 = url.endsWith('bare');
    if (registersOnS3 || refused === 'dynamoDb')
      expect(await refusalOf(store.get('before', { atLeast: 'latest' }))).toEqual(refusal);
    // What memory knows is still answered.
    expect(text(await store.get('before'))).toBe('1');

    // A key that one service takes and the other does not is no key that a process would find; both have the new one.
    for (const server of [s3, dynamoDb]) server.replaceKey(SECOND);
    found = SECOND;
    // The refresh in the background may have found the new ones already; a call that meets the old ones is the last to.
    await expect.poll(() => refusalOf(store.put('after', '4'))).toMatchObject({ code: undefined });
    await store.put('more', '5');
    expect(await rowsOf(store.scan({ atLeast: 'latest' }))).toEqual(['after=4', 'before=1', 'more=5']);
    await store.gc();
    await store.close();

    const again = await openStore(url);
    expect(await rowsOf(again.scan())).toEqual(['after=4', 'before=1', 'more=5']);
    await again.close();
  });

  it('keeps what was acknowledged, and nothing else, when they expire under many writes', async () => {
    const store = await openStore(url);
    const acknowledged: string[] = [];
    let next = 0;
    const writer = async (): Promise<void> => {
      while (next < 120) {
        const key = `k${String((next += 1)).padStart(3, '0')}`;
        if (next === 40) replaceKeys(SECOND);
        if (next === 60) {
          for (const server of [s3, dynamoDb]) server.replaceKey(SECOND);
          found = SECOND;
        }
        const { code } = (await refusalOf(store.put(key, 'v'))) as { code: unknown };
        if (code === undefined) acknowledged.push(`${key}=v`);
        else expect(code).toBe('CLORTHO_UNAVAILABLE');
      }
    };
    await Promise.all(Array.from({ length: 4 }, writer));
    expect(acknowledged.length).toBeGreaterThan(40);
    expect(acknowledged.length).toBeLessThan(120);
    await store.close();
    const again = await openStore(url);
    expect(await rowsOf(again.scan())).toEqual(acknowledged.sort());
    await again.close();
  });
});
