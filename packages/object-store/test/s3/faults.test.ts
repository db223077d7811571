import { systemClock } from '@clortho/base';
import { type S3Fault, startFaultProxy } from '@clortho/testkit';
import { describe, expect, test } from 'vitest';
import { S3_RETRY_DEFAULT, s3ObjectStore } from '../../src/index.ts';
import { bytesOf, failure, keysOf } from '../fixture.ts';
import { failFirst, testBucket } from './bucket.ts';

const SLOW_DOWN: S3Fault = { kind: 'error', status: 503, code: 'SlowDown' };
const INTERNAL: S3Fault = { kind: 'error', status: 500, code: 'InternalError' };
const INTERNAL_AFTER: S3Fault = { kind: 'errorAfterEffect', status: 500, code: 'InternalError' };
const MINUTE_MS = 60_000;
const RACE: S3Fault = { kind: 'error', status: 409, code: 'ConditionalRequestConflict' };

describe('a put that must find the key absent', () => {
  for (const fault of [{ kind: 'dropAfterEffect' }, INTERNAL_AFTER] as const) {
    test(`knows its own object after ${fault.kind}`, async () => {
      const { server, store } = await testBucket();
      failFirst(server, 'PutObject', [fault]);
      await store.put('k', bytesOf('mine'), { ifAbsent: true });
      expect(server.counters.operations.PutObject).toBe(2);
      expect(await store.get('k')).toEqual(bytesOf('mine'));
    });
  }

  test('knows the same bytes of another writer for what they are', async () => {
    const { server, store } = await testBucket();
    await store.put('k', bytesOf('same'), { ifAbsent: true });
    failFirst(server, 'PutObject', [{ kind: 'dropBeforeEffect' }]);
    await failure(store.put('k', bytesOf('same'), { ifAbsent: true }), 'CLORTHO_CONFLICT');
  });

  test('is repeated after faults that had no effect', async () => {
    const { server, store } = await testBucket();
    failFirst(server, 'PutObject', [{ kind: 'dropBeforeEffect' }, INTERNAL, SLOW_DOWN, RACE]);
    await store.put('k', bytesOf('mine'), { ifAbsent: true });
    expect(server.counters.operations.PutObject).toBe(5);
  });

  test('has an unknown outcome when the answers stay lost', async () => {
    const { server, store } = await testBucket();
    server.faults.onRequest = ({ operation }) =>
      operation === 'PutObject' ? { kind: 'dropBeforeEffect' } : undefined;
    await failure(store.put('k', bytesOf('mine'), { ifAbsent: true }), 'CLORTHO_OUTCOME_UNKNOWN');
    await failure(store.put('k', bytesOf('mine')), 'CLORTHO_UNAVAILABLE');
  });

  test('has an unknown outcome when its object is gone before it can look', async () => {
    const { server, store } = await testBucket();
    failFirst(server, 'PutObject', [{ kind: 'dropAfterEffect' }]);
    const put = store.put('k', bytesOf('mine'), { ifAbsent: true });
    const faults = server.faults.onRequest;
    server.faults.onRequest = (subject) =>
      subject.operation === 'HeadObject'
        ? { kind: 'error', status: 404, code: 'NoSuchKey' }
        : faults?.(subject);
    await failure(put, 'CLORTHO_OUTCOME_UNKNOWN');
  });

  test('was certainly not applied when it was only throttled', async () => {
    const { server, store, clock } = await testBucket();
    server.faults.onRequest = () => SLOW_DOWN;
    await failure(store.put('k', bytesOf('mine'), { ifAbsent: true }), 'CLORTHO_UNAVAILABLE');
    expect(clock.monotonic()).toBeGreaterThan(4 * MINUTE_MS);
    expect(clock.monotonic()).toBeLessThanOrEqual(S3_RETRY_DEFAULT.throttledMsMax ?? 0);
  });
});

test('throttling is ridden out with growing waits', async () => {
  const { server, store, clock } = await testBucket();
  failFirst(
    server,
    'GetObject',
    Array.from({ length: 8 }, () => SLOW_DOWN),
  );
  await store.put('k', bytesOf('v'));
  expect(await store.get('k')).toEqual(bytesOf('v'));
  expect(clock.sleptMs.length).toBe(8);
  for (const [index, ms] of clock.sleptMs.entries()) expect(ms).toBeLessThanOrEqual(100 * 2 ** index);
  expect(store.counters.gets).toBe(9);
});

test('a minute of throttling slows every call down and fails none', async () => {
  const { server, store, clock } = await testBucket();
  await store.put('k', bytesOf('v'));
  const calls: (() => Promise<unknown>)[] = [
    () => store.put('k', bytesOf('v')),
    () => store.put('new', bytesOf('v'), { ifAbsent: true }),
    () => store.get('k'),
    () => store.delete(['k']),
    () => keysOf(store),
  ];
  for (const call of calls) {
    const begunMs = clock.monotonic();
    server.faults.onRequest = () => (clock.monotonic() < begunMs + MINUTE_MS ? SLOW_DOWN : undefined);
    await call();
    expect(clock.monotonic() - begunMs).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(clock.monotonic() - begunMs).toBeLessThan(MINUTE_MS + S3_RETRY_DEFAULT.delayMsMax);
  }
  expect(await keysOf(store)).toEqual(['new']);
});

test('a body that breaks off is fetched again', async () => {
  const { server, store } = await testBucket();
  const bytes = new Uint8Array(200_000).fill(7);
  await store.put('k', bytes);
  failFirst(server, 'GetObject', [{ kind: 'truncateBody' }, { kind: 'truncateBody' }]);
  expect(
    Buffer.compare(await store.get('k', { offset: 10, length: 150_000 }), bytes.subarray(10, 150_010)),
  ).toBe(0);
  expect(server.counters.operations.GetObject).toBe(3);
});

test('a body that falls silent is fetched again', async () => {
  const { server, store } = await testBucket({ requestTimeoutMs: 200 });
  await store.put('k', bytesOf('some text'));
  failFirst(server, 'GetObject', [{ kind: 'stallBody' }]);
  expect(await store.get('k')).toEqual(bytesOf('some text'));
});

test('a server that does not answer in time is asked again', async () => {
  const { server, store } = await testBucket({ requestTimeoutMs: 200 });
  failFirst(server, 'PutObject', [{ kind: 'delay', delayMs: 600 }]);
  await store.put('k', bytesOf('v'), { ifAbsent: true });
  expect(await store.get('k')).toEqual(bytesOf('v'));
});

test('keys that a deletion failed for are sent again, alone', async () => {
  const { server, store } = await testBucket();
  const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
  await Promise.all(keys.map((key) => store.put(key, bytesOf('v'))));
  const failing = new Set(['k3', 'k7']);
  server.faults.onDeleteKey = (key) => (failing.delete(key) ? 'InternalError' : undefined);
  await store.delete(keys);
  expect(await keysOf(store)).toEqual([]);
  expect(store.counters.deletes).toBe(2);
});

test('many keys are deleted a thousand at a time, those that XML cannot name one by one', async () => {
  const { server, store } = await testBucket();
  const odd = 'bell\u0007';
  await store.put(odd, bytesOf('v'));
  await store.delete([odd, ...Array.from({ length: 2001 }, (_, index) => `absent/${index}`)]);
  expect(await store.head(odd)).toBeUndefined();
  expect(server.counters.operations).toMatchObject({ DeleteObjects: 3, DeleteObject: 1 });
});

test('a key that may not be deleted is reported', async () => {
  const { server, store } = await testBucket();
  await store.put('held', bytesOf('v'));
  server.faults.onDeleteKey = () => 'AccessDenied';
  const error = await failure(store.delete(['held']), 'CLORTHO_UNAVAILABLE');
  expect(error.message).toContain('key=held');
});

test('an abort ends a call that waits for its repetition', async () => {
  const { server, store } = await testBucket({ clock: systemClock });
  const abort = new AbortController();
  server.faults.onRequest = () => {
    abort.abort(new Error('enough'));
    return SLOW_DOWN;
  };
  const error = await failure(store.get('k', { signal: abort.signal }), 'CLORTHO_ABORTED');
  expect(error.cause).toMatchObject({ message: 'enough' });
  expect(server.counters.operations.GetObject).toBe(1);
});

test('a listing goes on where a page failed', async () => {
  const { server, store } = await testBucket();
  await Promise.all(['a', 'b', 'c'].map((key) => store.put(key, bytesOf(key))));
  failFirst(server, 'ListObjectsV2', [INTERNAL, { kind: 'truncateBody' }]);
  expect(await keysOf(store)).toEqual(['a', 'b', 'c']);
});

test('a put whose object cannot be looked at has an unknown outcome, though its repetition was refused', async () => {
  const { server, store } = await testBucket();
  let puts = 0;
  server.faults.onRequest = ({ operation }) => {
    if (operation === 'HeadObject') return { kind: 'dropBeforeEffect' };
    puts += 1;
    return puts === 1 ? { kind: 'dropAfterEffect' } : undefined;
  };
  await failure(store.put('k', bytesOf('mine'), { ifAbsent: true }), 'CLORTHO_OUTCOME_UNKNOWN');
  server.faults.onRequest = undefined;
  expect(await store.get('k')).toEqual(bytesOf('mine'));
});

test('an error that breaks off after its status is no error of the caller', async () => {
  const { server, options } = await testBucket();
  const proxy = await startFaultProxy({ target: server.endpoint });
  const store = s3ObjectStore({ ...options, endpoint: proxy.endpoint });
  let cuts = 2;
  proxy.faults.onRequest = () => ((cuts -= 1) >= 0 ? { kind: 'cutReply' } : undefined);
  await failure(store.get('absent'), 'CLORTHO_NOT_FOUND');
  expect(server.counters.operations.GetObject).toBe(3);
  cuts = 99;
  await failure(store.get('absent'), 'CLORTHO_UNAVAILABLE');
  cuts = 0;
  await store.put('k', bytesOf('theirs'));
  cuts = 99;
  await failure(store.put('k', bytesOf('mine'), { ifAbsent: true }), 'CLORTHO_OUTCOME_UNKNOWN');
  cuts = 1;
  await failure(store.put('k', bytesOf('mine'), { ifAbsent: true }), 'CLORTHO_CONFLICT');
  await store.close();
  await proxy.close();
});
