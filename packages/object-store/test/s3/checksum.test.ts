import { checksum } from '@clortho/base';
import { expect, test } from 'vitest';
import { bytesOf, failure } from '../fixture.ts';
import { failFirst, testBucket } from './bucket.ts';

test('a put sends the CRC-32 of its bytes, and so does every part', async () => {
  const { server, store } = await testBucket();
  const sent: unknown[] = [];
  server.faults.onRequest = ({ headers, operation }) => {
    if (operation === 'PutObject' || operation === 'UploadPart') sent.push(headers['x-amz-checksum-crc32']);
    return undefined;
  };
  await store.put('k', bytesOf('some text'));
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(checksum(bytesOf('some text')));
  expect(sent).toEqual([digest.toString('base64')]);
});

test('a whole blob that arrives damaged is fetched again', async () => {
  const { server, store } = await testBucket();
  await store.put('k', bytesOf('some text'));
  failFirst(server, 'GetObject', [{ kind: 'corruptBody' }, { kind: 'corruptBody' }]);
  expect(await store.get('k')).toEqual(bytesOf('some text'));
  expect(server.counters.operations.GetObject).toBe(3);
});

test('a whole blob that stays damaged is reported as corrupt', async () => {
  const { server, store } = await testBucket();
  await store.put('k', bytesOf('some text'));
  server.faults.onRequest = ({ operation }) =>
    operation === 'GetObject' ? { kind: 'corruptBody' } : undefined;
  const error = await failure(store.get('k'), 'CLORTHO_CORRUPT');
  expect(error.message).toMatch(/checksum mismatch: .*key=k/);
});
