import { createHash, createHmac } from 'node:crypto';
import { checksum } from '@clortho/base';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DynamoDbServer, startDynamoDbServer } from '../../src/dynamodb-server/server.ts';

let server: DynamoDbServer;
beforeAll(async () => {
  server = await startDynamoDbServer({ accessKeyId: 'KEY', secretAccessKey: 'SECRET', region: 'eu-test-1' });
});
afterAll(() => server.close());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(
  operation: string,
  input: object,
  { secret = 'SECRET', signal = null }: { secret?: string; signal?: AbortSignal | null } = {},
): Promise<Answer> {
  const body = JSON.stringify(input);
  const time = '20260101T000000Z';
  const headers: Record<string, string> = {
    host: new URL(server.endpoint).host,
    'x-amz-date': time,
    'x-amz-target': `DynamoDB_20120810.${operation}`,
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    '/',
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha(body),
  ];
  const scope = ['20260101', 'eu-test-1', 'dynamodb', 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha(canonical.join('\n'))].join('\n');
  const key = scope.reduce<Buffer | string>((last, part) => hmac(last, part), `AWS4${secret}`);
  const authorization =
    `AWS4-HMAC-SHA256 Credential=KEY/${scope.join('/')}, SignedHeaders=${names.join(';')}, ` +
    `Signature=${hmac(key, toSign).toString('hex')}`;
  const { host: _host, ...sent } = headers;
  return answerOf(
    await fetch(server.endpoint, { method: 'POST', headers: { ...sent, authorization }, body, signal }),
  );
}

async function answerOf(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(response.headers.get('x-amz-crc32')).toBe(String(checksum(bytes)));
  return { status: response.status, body: JSON.parse(new TextDecoder().decode(bytes)) as Answer['body'] };
}

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();

describe('the DynamoDB server', () => {
  it('listens on the loopback interface and answers with a checksum', async () => {
    expect(new URL(server.endpoint).hostname).toBe('127.0.0.1');
    expect(await call('ListTables', {})).toEqual({ status: 200, body: { TableNames: [] } });
  });

  it('refuses requests without a signature, with a wrong one, or for what it does not know', async () => {
    const unsigned = await answerOf(await fetch(server.endpoint, { method: 'POST', body: '{}' }));
    expect(unsigned).toMatchObject({
      status: 400,
      body: { __type: expect.stringContaining('#MissingAuthentication') },
    });
    expect((await call('ListTables', {}, { secret: 'WRONG' })).body['__type']).toContain(
      '#InvalidSignatureException',
    );
    expect((await call('Frobnicate', {})).body['__type']).toContain('#UnknownOperationException');
    expect((await call('GetItem', { TableName: 'none' })).body['__type']).toContain(
      '#ResourceNotFoundException',
    );
  });

  it('fails on demand, before or after the effect', async () => {
    const TableName = 'faulty';
    const create = {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    };
    await call('CreateTable', create);
    const put = (pk: string): Promise<Answer> => call('PutItem', { TableName, Item: { pk: { S: pk } } });
    const count = async (): Promise<unknown> => {
      server.faults.onRequest = undefined;
      return (await call('Scan', { TableName })).body['Count'];
    };
    server.faults.onRequest = () => ({ kind: 'error', code: 'ThrottlingException' });
    expect(await put('a')).toMatchObject({
      status: 400,
      body: { __type: expect.stringContaining('#Throttling') },
    });
    expect(await count()).toBe(0);
    server.faults.onRequest = () => ({ kind: 'dropBeforeEffect' });
    await expect(put('b')).rejects.toThrow();
    expect(await count()).toBe(0);
    server.faults.onRequest = () => ({ kind: 'errorAfterEffect', code: 'InternalServerError' });
    expect((await put('c')).status).toBe(500);
    expect(await count()).toBe(1);
    server.faults.onRequest = () => ({ kind: 'dropAfterEffect' });
    await expect(put('d')).rejects.toThrow();
    expect(await count()).toBe(2);
    server.faults.onRequest = ({ operation, number }) =>
      operation === 'TransactWriteItems' && number === 1
        ? { kind: 'error', code: 'TransactionConflict' }
        : undefined;
    const transaction = { TransactItems: [{ Delete: { TableName, Key: { pk: { S: 'c' } } } }] };
    expect((await call('TransactWriteItems', transaction)).body).toMatchObject({
      __type: expect.stringContaining('#TransactionCanceledException'),
      CancellationReasons: [{ Code: 'TransactionConflict' }],
    });
    server.faults.onRequest = () => ({ kind: 'cancel', reasons: ['ThrottlingError'] });
    expect((await call('TransactWriteItems', transaction)).body).toMatchObject({
      CancellationReasons: [{ Code: 'ThrottlingError' }],
    });
    expect(await count()).toBe(2);
    expect((await call('TransactWriteItems', transaction)).status).toBe(200);
    expect(await count()).toBe(1);
    server.faults.onRequest = () => ({ kind: 'truncateBody' });
    await expect(put('e')).rejects.toThrow();
    expect(await count()).toBe(2);
  });

  it('counts the requests that a client gave up', async () => {
    const before = server.counters.abandoned;
    server.faults.onRequest = () => ({ kind: 'stallBody' });
    const signal = AbortSignal.timeout(100);
    await expect(call('ListTables', {}, { signal })).rejects.toThrow();
    server.faults.onRequest = undefined;
    await vi.waitFor(() => expect(server.counters.abandoned).toBe(before + 1), { timeout: 20_000 });
  });

  it('refuses calls after it was closed', async () => {
    const other = await startDynamoDbServer();
    await other.close();
    await other.close();
    await expect(fetch(other.endpoint)).rejects.toThrow();
  });
});
