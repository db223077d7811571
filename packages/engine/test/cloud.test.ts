/** Stores on S3 and DynamoDB, over real sockets to the wire-level servers: opening, and what is wrong when it fails. */
import { createBucket } from '@clortho/object-store';
import { createTable } from '@clortho/registers';
import { type DynamoDbServer, type S3Server, startDynamoDbServer, startS3Server } from '@clortho/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenOptions, open } from '../src/index.ts';
import { codeOf, text } from './support/answers.ts';

const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secretsecret' };
const NOWHERE = 'http://127.0.0.1:9';

let s3: S3Server;
let dynamoDb: DynamoDbServer;
let aws: NonNullable<OpenOptions['aws']>;

beforeAll(async () => {
  [s3, dynamoDb] = await Promise.all([startS3Server(credentials), startDynamoDbServer(credentials)]);
  aws = { region: s3.region, s3Endpoint: s3.endpoint, dynamoDbEndpoint: dynamoDb.endpoint, credentials };
  await createBucket({ bucket: 'bucket', region: s3.region, endpoint: s3.endpoint, credentials });
  await createTable({ table: 'table', region: s3.region, endpoint: dynamoDb.endpoint, credentials });
});

afterAll(() => Promise.all([s3.close(), dynamoDb.close()]));

describe('a store in the cloud', () => {
  it('keeps what was committed, over several shards and handles', async () => {
    const url = 's3://bucket/several?registers=dynamodb://table';
    const first = await open(url, { aws, shards: 3 });
    const { timestamp, token } = await first.write([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: Uint8Array.of(0xf0), value: '2' },
    ]);
    await first.put('a', '3');
    await first.close();
    await using second = await open(url, { aws, create: 'never' });
    expect(text(await second.get('a'))).toBe('3');
    expect(text(await second.get('a', { asOf: timestamp, atLeast: token }))).toBe('1');
    expect(text(await second.get(Uint8Array.of(0xf0)))).toBe('2');
  });

  it('keeps its registers beside its objects without a table, with one shard', async () => {
    const store = await open('s3://bucket/bare', { aws });
    await store.put('k', 'v');
    await store.close();
    await using again = await open('s3://bucket/bare', { aws, create: 'never' });
    expect(text(await again.get('k'))).toBe('v');
    expect(await codeOf(() => open('s3://bucket/two', { aws, shards: 2 }))).toBe('CLORTHO_UNSUPPORTED');
  });

  it.each<[string, string, Partial<typeof aws>, string]>([
    ['table', 's3://bucket/x?registers=dynamodb://nowhere', {}, 'CLORTHO_NOT_FOUND'],
    ['bucket', 's3://nowhere/x?registers=dynamodb://table', {}, 'CLORTHO_NOT_FOUND'],
    ['S3', 's3://bucket/x?registers=dynamodb://table', { s3Endpoint: NOWHERE }, 'CLORTHO_UNAVAILABLE'],
    [
      'DynamoDB',
      's3://bucket/x?registers=dynamodb://table',
      { dynamoDbEndpoint: NOWHERE },
      'CLORTHO_UNAVAILABLE',
    ],
    [
      'right secret',
      's3://bucket/x?registers=dynamodb://table',
      { credentials: { ...credentials, secretAccessKey: 'wrong' } },
      'CLORTHO_UNAVAILABLE',
    ],
  ])('cannot be opened, and is not begun, without its %s', async (_, url, changed, code) => {
    expect(await codeOf(() => open(url, { aws: { ...aws, ...changed } }))).toBe(code);
    expect(
      await codeOf(() => open('s3://bucket/x?registers=dynamodb://table', { aws, create: 'never' })),
    ).toBe('CLORTHO_NOT_FOUND');
  });
});
