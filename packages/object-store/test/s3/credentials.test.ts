/** Keys that expire, are replaced, or cannot be found. */
import { expect, test } from 'vitest';
import { type S3Credentials, s3ObjectStore } from '../../src/index.ts';
import { bytesOf, failure, failures, keysOf } from '../fixture.ts';
import { testBucket } from './bucket.ts';

const REPLACED = { accessKeyId: 'second-key', secretAccessKey: 'second-secret' };

/** A store that looks for its keys in a place that the test changes. */
async function lookingStore() {
  const { server, options } = await testBucket();
  const place = {
    keys: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey } as S3Credentials,
    lookups: 0,
  };
  const credentials = async (): Promise<S3Credentials> => {
    place.lookups += 1;
    return place.keys;
  };
  return { server, options, place, store: s3ObjectStore({ ...options, credentials }) };
}

test('keys that were replaced are looked for again, without reopening', async () => {
  const { server, place, store } = await lookingStore();
  await Promise.all([store.put('a', bytesOf('1')), store.put('b', bytesOf('2'))]);
  await store.get('a');
  expect(place.lookups).toBe(1);
  server.replaceKey(REPLACED);
  const calls: (() => Promise<unknown>)[] = [
    () => store.get('a'),
    () => store.head('a'),
    () => store.put('c', bytesOf('3')),
    () => store.put('c', bytesOf('3'), { ifAbsent: true }),
    () => store.delete(['a']),
    () => keysOf(store),
  ];
  for (const error of await failures(calls, 'CLORTHO_UNAVAILABLE')) {
    expect(error.message).toContain('the credentials were refused: store=s3://faulty');
    expect(error.cause).toMatchObject({ $metadata: { httpStatusCode: 403 } });
  }
  expect(place.lookups).toBe(calls.length);
  place.keys = REPLACED;
  expect(await store.get('a')).toEqual(bytesOf('1'));
  expect(await keysOf(store)).toEqual(['a', 'b']);
  expect(place.lookups).toBe(calls.length + 1);
  await store.close();
});

test('a token that expired is refused, and looked for again with the next call', async () => {
  const { server, place, store } = await lookingStore();
  await store.put('a', bytesOf('1'));
  server.faults.onRequest = () => ({ kind: 'error', status: 400, code: 'ExpiredToken' });
  const [error] = await failures([() => store.get('a')], 'CLORTHO_UNAVAILABLE');
  expect(error?.cause).toMatchObject({ name: 'ExpiredToken' });
  server.faults.onRequest = undefined;
  expect(await store.get('a')).toEqual(bytesOf('1'));
  expect(place.lookups).toBe(2);
  await store.close();
});

test('a request under way with keys that were replaced ends as it began', async () => {
  const { server, place, store } = await lookingStore();
  await store.put('a', bytesOf('1'));
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server.faults.onRequest = async ({ number }) => {
    if (number === 1) await held;
    return undefined;
  };
  const early = store.get('a');
  await expect.poll(() => server.counters.operations.GetObject).toBe(1);
  server.replaceKey(REPLACED);
  place.keys = REPLACED;
  await failure(store.get('a'), 'CLORTHO_UNAVAILABLE');
  expect(await store.get('a')).toEqual(bytesOf('1'));
  release();
  expect(await early).toEqual(bytesOf('1'));
  await store.close();
});

test('keys that cannot be found are unavailable, with the reason, and nothing is in doubt', async () => {
  const { options } = await testBucket();
  const credentials = (): Promise<S3Credentials> => Promise.reject(new Error('the vault is sealed'));
  const store = s3ObjectStore({ ...options, credentials });
  const calls = [() => store.get('a'), () => store.put('a', bytesOf('1'), { ifAbsent: true })];
  for (const error of await failures(calls, 'CLORTHO_UNAVAILABLE')) {
    expect(error.message).toMatch(/^no credentials were found: store=s3:\/\/faulty .*the vault is sealed/);
    expect(error.cause).toMatchObject({ cause: { message: 'the vault is sealed' } });
  }
  await store.close();
});
