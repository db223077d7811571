/** The demo over HTTP: too long for every run of the tests. */
import { startDynamoDbServer, startS3Server } from '@clortho/testkit';
import { expect, test } from 'vitest';
import { clortho, jsonOf } from '../cli.ts';

interface DemoJson {
  readonly rows: number;
  readonly forget: { readonly truncation: { filesDropped: number } };
  readonly checks: readonly { name: string; ok: boolean }[];
}

test('200,000 flights on S3 and DynamoDB, which clortho create has prepared', async () => {
  const s3 = await startS3Server();
  const { accessKeyId, secretAccessKey } = s3;
  const dynamoDb = await startDynamoDbServer({ accessKeyId, secretAccessKey });
  const environment = {
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: s3.region,
    CLORTHO_URL: 's3://flights/first/half?registers=dynamodb://flight-registers',
  };
  try {
    const early = await clortho(['demo', '--rows', '1000'], { environment });
    expect(early.code).toBe(3);
    const created = await clortho(['create', '--no-store'], { environment });
    expect(created).toMatchObject({ code: 0, error: '' });
    expect(created.out).toBe('bucket flights is there\ntable flight-registers is there\n');
    const result = await clortho(['demo', '--json', '--rows', '200000'], { environment });
    expect(result).toMatchObject({ code: 0, error: '' });
    const { rows, checks, forget } = jsonOf(result) as DemoJson;
    expect(rows).toBeGreaterThanOrEqual(200_000);
    expect(forget.truncation.filesDropped).toBeGreaterThan(0);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(s3.counters.operations.PutObject).toBeGreaterThan(1000);
    expect(dynamoDb.counters.operations['TransactWriteItems']).toBeGreaterThan(100);
  } finally {
    await Promise.all([s3.close(), dynamoDb.close()]);
  }
}, 240_000);
