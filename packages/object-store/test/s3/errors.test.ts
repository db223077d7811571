import { startS3Server } from '@clortho/testkit';
import { expect, test } from 'vitest';
import { createBucket, s3ObjectStore } from '../../src/index.ts';
import { bytesOf, failure, failures, keysOf } from '../fixture.ts';
import { testBucket } from './bucket.ts';

test('a missing bucket is named, whatever the call', async () => {
  const { options } = await testBucket();
  const store = s3ObjectStore({ ...options, bucket: 'never-made' });
  const calls = [
    () => store.put('k', bytesOf('v')),
    () => store.get('k'),
    () => store.get('k', { length: 0 }),
    () => store.head('k'),
    () => store.delete(['k']),
    () => keysOf(store),
  ];
  for (const { message } of await failures(calls, 'CLORTHO_NOT_FOUND')) {
    expect(message).toBe('no such bucket: bucket=never-made');
  }
  await store.close();
});

test('refused credentials are told apart from an unreachable server', async () => {
  const { options, server } = await testBucket();
  const credentials = { accessKeyId: server.accessKeyId, secretAccessKey: 'not-the-secret' };
  const stranger = s3ObjectStore({ ...options, credentials });
  const calls = [
    () => stranger.get('k'),
    () => stranger.head('k'),
    () => stranger.put('k', bytesOf('v'), { ifAbsent: true }),
  ];
  for (const { message } of await failures(calls, 'CLORTHO_UNAVAILABLE')) {
    expect(message).toMatch(/^the credentials were refused: store=s3:\/\/faulty endpoint=http/);
    expect(message).not.toContain('not-the-secret');
  }
  await stranger.close();
});

test('an unreachable endpoint is named after few attempts', async () => {
  const { options, server, clock } = await testBucket();
  await server.close();
  const store = s3ObjectStore(options);
  const error = await failure(store.put('k', bytesOf('v'), { ifAbsent: true }), 'CLORTHO_UNAVAILABLE');
  expect(error.message).toContain(`the endpoint cannot be reached: endpoint=${server.endpoint}`);
  expect(error.cause).toBeInstanceOf(Error);
  expect(clock.sleptMs.length).toBe(2);
  await store.close();
});

test('a wrong region is a mistake of the caller', async () => {
  const { options } = await testBucket();
  const store = s3ObjectStore({ ...options, region: 'eu-west-3' });
  const error = await failure(store.get('k'), 'CLORTHO_INVALID');
  expect(error.message).toContain('the bucket is in another region: bucket=faulty');
  await store.close();
});

test('a bucket is created in its region, and again without an error', async () => {
  const { options } = await testBucket();
  await createBucket(options);
  const server = await startS3Server({ region: 'eu-west-3' });
  const located = { ...options, endpoint: server.endpoint, region: 'eu-west-3' };
  await createBucket(located);
  const store = s3ObjectStore(located);
  await store.put('k', bytesOf('v'));
  await store.close();
  await server.close();
  await failure(createBucket({ ...options, bucket: 'No Name' }), 'CLORTHO_INVALID');
});

test('a prefix hides everything else in the bucket', async () => {
  const { options, store } = await testBucket();
  const view = s3ObjectStore({ ...options, prefix: 'a/' });
  await store.put('ab', bytesOf('outside'));
  await store.put('b', bytesOf('outside'));
  await view.put('x', bytesOf('inside'));
  expect(view.name).toBe('s3://faulty/a');
  expect(await keysOf(view)).toEqual(['x']);
  expect(await keysOf(view, '', 'w')).toEqual(['x']);
  await view.delete(['b', 'x']);
  expect(await keysOf(store)).toEqual(['ab', 'b']);
  await view.close();
  await failure(view.get('x'), 'CLORTHO_CLOSED');
});
