import type { S3Server } from '@clortho/testkit';
import { expect, test } from 'vitest';
import { s3ObjectStore } from '../../src/index.ts';
import { MULTIPART_ABOVE_BYTES } from '../../src/s3/s3-multipart.ts';
import { bytesOf, failure } from '../fixture.ts';
import { failFirst, testBucket } from './bucket.ts';

const large = new Uint8Array(MULTIPART_ABOVE_BYTES + 1).fill(5);

const countOf = (server: S3Server, operation: keyof S3Server['counters']['operations']): number =>
  server.counters.operations[operation] ?? 0;

test('only blobs above the limit are stored in parts', async () => {
  const { server, store } = await testBucket();
  await store.put('limit', large.subarray(1));
  expect(countOf(server, 'CreateMultipartUpload')).toBe(0);
  await store.put('above', large);
  expect(countOf(server, 'UploadPart')).toBe(3);
  expect((await store.head('above'))?.bytes).toBe(large.length);
  expect(store.counters.puts).toBe(1 + 5);
});

test('lost parts and a lost completion are made good', async () => {
  const { server, store } = await testBucket();
  const faults = { UploadPart: 'dropAfterEffect', CompleteMultipartUpload: 'dropAfterEffect' } as const;
  server.faults.onRequest = ({ operation, number }) =>
    operation in faults && number === 1 ? { kind: faults[operation as keyof typeof faults] } : undefined;
  await store.put('k', large, { ifAbsent: true });
  expect(countOf(server, 'CompleteMultipartUpload')).toBe(2);
  expect(Buffer.compare(await store.get('k'), large)).toBe(0);
});

test('an error inside a successful completion is an error', async () => {
  const { server, store } = await testBucket();
  failFirst(server, 'CompleteMultipartUpload', [{ kind: 'error', status: 200, code: 'InternalError' }]);
  await store.put('k', large);
  expect((await store.head('k'))?.bytes).toBe(large.length);
});

test('a failed upload is aborted and shows nothing', async () => {
  const { server, store } = await testBucket();
  server.faults.onRequest = ({ operation }) =>
    operation === 'UploadPart' ? { kind: 'error', status: 403, code: 'AccessDenied' } : undefined;
  await failure(store.put('k', large), 'CLORTHO_UNAVAILABLE');
  expect(countOf(server, 'AbortMultipartUpload')).toBe(1);
  expect(await store.head('k')).toBeUndefined();
});

test('an aborted upload is aborted on the server too', async () => {
  const { server, store } = await testBucket();
  const abort = new AbortController();
  server.faults.onRequest = ({ operation }) => {
    if (operation === 'UploadPart') abort.abort();
    return undefined;
  };
  await failure(store.put('k', large, { signal: abort.signal }), 'CLORTHO_ABORTED');
  expect(countOf(server, 'AbortMultipartUpload')).toBe(1);
});

/** Returns how many uploads the service keeps parts of. */
async function uploadsOf({ endpoint, accessKeyId, secretAccessKey, region }: S3Server): Promise<number> {
  const { ListMultipartUploadsCommand, S3Client } = await import('@aws-sdk/client-s3');
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'faulty' }));
  client.destroy();
  return Uploads.length;
}

test('no parts stay, however an upload ends', async () => {
  for (const [operation, kind] of [
    ['UploadPart', 'error'],
    ['UploadPart', 'signal'],
    ['CompleteMultipartUpload', 'error'],
    ['AbortMultipartUpload', 'without effect'],
    ['AbortMultipartUpload', 'lost'],
  ] as const) {
    const { server, store } = await testBucket();
    const abort = new AbortController();
    server.faults.onRequest = (request) => {
      const fails = operation === 'AbortMultipartUpload' ? 'UploadPart' : operation;
      if (request.operation === fails && kind === 'signal') abort.abort();
      else if (request.operation === fails) return { kind: 'error', status: 403, code: 'AccessDenied' };
      if (request.operation !== operation || request.number > 1) return undefined;
      if (kind === 'without effect') return { kind: 'error', status: 200, code: 'InternalError' };
      return kind === 'lost' ? { kind: 'dropBeforeEffect' } : undefined;
    };
    const code = kind === 'signal' ? 'CLORTHO_ABORTED' : 'CLORTHO_UNAVAILABLE';
    await failure(store.put('k', large, { signal: abort.signal }), code);
    server.faults.onRequest = undefined;
    expect(await uploadsOf(server), `${operation} ${kind}`).toBe(0);
  }
});

test('a key that appears during the upload is not overwritten', async () => {
  const { server, store, options } = await testBucket();
  const other = s3ObjectStore(options);
  let raced: Promise<void> | undefined;
  server.faults.onRequest = async ({ operation }) => {
    if (operation === 'UploadPart') raced ??= other.put('k', bytesOf('first'), { ifAbsent: true });
    if (operation === 'CompleteMultipartUpload') await raced;
    return undefined;
  };
  await failure(store.put('k', large, { ifAbsent: true }), 'CLORTHO_CONFLICT');
  expect(await store.get('k')).toEqual(bytesOf('first'));
  await other.close();
});
