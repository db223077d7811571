import type { S3Client } from '@aws-sdk/client-s3';
import { type Clock, type RetryPolicy, seededRandom } from '@clortho/base';
import { type S3Fault, type S3Server, startS3Server } from '@clortho/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerStoreConformance } from '../../src/conformance.ts';
import type { RegisterStore } from '../../src/register-store.ts';
import type { S3RegisterOptions } from '../../src/s3/options.ts';
import { s3RegisterStore } from '../../src/s3/s3.ts';

let server: S3Server;
let prefixes = 0;

/** Waits for nothing: retries are immediate, and time passes by what they would have slept. */
function skippingClock(): Clock {
  let skippedMs = 0;
  return {
    now: () => skippedMs * 1000,
    monotonic: () => skippedMs,
    sleep: (ms) => {
      skippedMs += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const RETRY: RetryPolicy = { attemptsMax: 4, delayMs: 10, delayMsMax: 100, elapsedMsMax: 10_000 };

function options(more: Partial<S3RegisterOptions> = {}): S3RegisterOptions {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  return {
    bucket: 'registers',
    endpoint,
    region,
    credentials,
    clock: skippingClock(),
    random: seededRandom(7),
    retry: RETRY,
    ...more,
  };
}

function fresh(more: Partial<S3RegisterOptions> = {}): RegisterStore {
  prefixes += 1;
  return s3RegisterStore(options({ prefix: `test-${prefixes}/`, ...more }));
}

function strike(operation: string, fault: S3Fault, times = 1): void {
  let left = times;
  server.faults.onRequest = (request) => {
    if (request.operation !== operation || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

async function sdkClient(): Promise<S3Client> {
  const sdk = await import('@aws-sdk/client-s3');
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  return new sdk.S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
}

beforeAll(async () => {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  server = await startS3Server();
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  const client = await sdkClient();
  await client.send(new CreateBucketCommand({ Bucket: 'registers' }));
  client.destroy();
});
afterEach(() => {
  server.faults.onRequest = undefined;
});
afterAll(() => server.close());

registerStoreConformance(
  { describe, it },
  {
    name: 's3',
    open: () => {
      prefixes += 1;
      const prefix = `c${prefixes}/`;
      return Promise.resolve({
        store: s3RegisterStore(options({ prefix })),
        openAnother: () => Promise.resolve(s3RegisterStore(options({ prefix }))),
        close: () => Promise.resolve(),
      });
    },
  },
);

const value = new Uint8Array([1, 2, 3]);
const create = [{ key: 'a', expect: 0, value }];
const change = [{ key: 'a', expect: 1, value }];

describe('an S3 swap', () => {
  it('is applied once after refusals that are certain', async () => {
    for (const [status, code] of [
      [409, 'ConditionalRequestConflict'],
      [503, 'SlowDown'],
    ] as const) {
      const store = fresh();
      strike('PutObject', { kind: 'error', status, code }, 3);
      expect(await store.compareAndSwap(create)).toEqual({ applied: true });
      strike('PutObject', { kind: 'error', status, code }, 99);
      await expect(store.compareAndSwap(change)).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
      expect((await store.read(['a']))[0]?.version).toBe(1);
      await store.close();
    }
  });

  it('is unknown, and there, when its answer was lost', async () => {
    for (const fault of [
      { kind: 'dropAfterEffect' },
      { kind: 'errorAfterEffect', status: 500, code: 'InternalError' },
    ] as const) {
      const store = fresh();
      strike('PutObject', fault);
      await expect(store.compareAndSwap(create)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
      expect((await store.read(['a']))[0]).toEqual({ key: 'a', version: 1, value });
      strike('PutObject', fault);
      await expect(store.compareAndSwap(change)).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
      expect((await store.read(['a']))[0]?.version).toBe(2);
      await store.close();
    }
  });

  it('is applied once when an attempt had no effect and nobody knew', async () => {
    const store = fresh();
    strike('PutObject', { kind: 'dropBeforeEffect' });
    expect(await store.compareAndSwap(create)).toEqual({ applied: true });
    strike('PutObject', { kind: 'error', status: 500, code: 'InternalError' });
    expect(await store.compareAndSwap(change)).toEqual({ applied: true });
    expect((await store.read(['a']))[0]?.version).toBe(2);
    await store.close();
  });

  it('is unknown when a race that was lost was first answered with an internal error', async () => {
    const prefix = 'raced/';
    const store = fresh({ prefix });
    const other = fresh({ prefix });
    await store.compareAndSwap(create);
    await other.compareAndSwap(change);
    for (const code of ['InternalError', 'ConditionalRequestConflict']) {
      strike('PutObject', { kind: 'error', status: code === 'InternalError' ? 500 : 409, code });
      const swap = store.compareAndSwap(change);
      // A conflict certainly had no effect, so the refusal that follows it is one; an error says nothing.
      if (code === 'InternalError')
        await expect(swap).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
      else expect((await swap).applied).toBe(false);
    }
    expect((await other.read(['a']))[0]?.version).toBe(2);
    await store.close();
    await other.close();
  });

  it('is tried again when the body was cut off on its way', async () => {
    const store = fresh();
    strike('PutObject', { kind: 'error', status: 400, code: 'RequestTimeout' });
    expect(await store.compareAndSwap(create)).toEqual({ applied: true });
    strike('GetObject', { kind: 'error', status: 400, code: 'RequestTimeout' });
    expect((await store.read(['a']))[0]?.version).toBe(1);
    await store.close();
  });

  it('is of the version that was compared, whatever the same store sees meanwhile', async () => {
    const prefix = 'side-by-side/';
    const writer = fresh({ prefix });
    await writer.compareAndSwap(create);
    const store = fresh({ prefix });
    const swaps = await Promise.all([1, 2, 3, 4].map(() => store.compareAndSwap(change)));
    expect(swaps.filter(({ applied }) => applied)).toHaveLength(1);
    expect((await writer.read(['a']))[0]?.version).toBe(2);
    await store.close();
    await writer.close();
  });

  it('costs one request when the version was seen before', async () => {
    const store = fresh();
    const requests = (): number => server.counters.requests;
    await store.compareAndSwap(create);
    const before = requests();
    expect(await store.compareAndSwap(change)).toEqual({ applied: true });
    expect(requests() - before).toBe(1);
    await store.close();
  });

  it('finds the ETag of a version that it has not seen', async () => {
    const prefix = 'shared/';
    const writer = fresh({ prefix });
    const other = fresh({ prefix });
    await writer.compareAndSwap(create);
    expect(await other.compareAndSwap(change)).toEqual({ applied: true });
    expect((await writer.compareAndSwap(change)).applied).toBe(false);
    expect((await writer.compareAndSwap([{ key: 'a', expect: 2, value }])).applied).toBe(true);
    await writer.close();
    await other.close();
  });
});

describe('S3 registers', () => {
  it('refuse keys that are no plain object keys', async () => {
    const store = fresh();
    for (const key of ['a//b', '/a', 'a/', '.', 'a/../b', 'a\nb', 'k'.repeat(1020)]) {
      await expect(store.read([key])).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
      await expect(store.compareAndSwap([{ key, expect: 0, value }])).rejects.toMatchObject({
        code: 'CLORTHO_INVALID',
      });
    }
    await store.close();
  });

  it('report an object that is no register', async () => {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3');
    const client = await sdkClient();
    await client.send(new PutObjectCommand({ Bucket: 'registers', Key: 'foreign/a', Body: 'hello' }));
    client.destroy();
    const store = fresh({ prefix: 'foreign/' });
    await expect(store.read(['a'])).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    await expect(store.compareAndSwap(change)).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
    expect(await store.compareAndSwap(create)).toMatchObject({ applied: false });
    await store.close();
  });

  it('say what is wrong with their place', async () => {
    const wrongs: readonly (readonly [Partial<S3RegisterOptions>, string])[] = [
      [{ bucket: 'no-such-bucket' }, 'CLORTHO_NOT_FOUND'],
      [{ credentials: { accessKeyId: server.accessKeyId, secretAccessKey: 'wrong' } }, 'CLORTHO_UNAVAILABLE'],
      [{ endpoint: 'http://127.0.0.1:1' }, 'CLORTHO_UNAVAILABLE'],
    ];
    for (const [wrong, code] of wrongs) {
      const store = fresh(wrong);
      await expect(store.read(['a'])).rejects.toMatchObject({ code });
      await expect(store.compareAndSwap(create)).rejects.toMatchObject({ code });
      await store.close();
    }
  });

  it.each([
    { unquotedEtags: true, form: /^[0-9a-f]{32}$/ },
    { unquotedEtags: false, form: /^"[0-9a-f]{32}"$/ },
  ])(
    'send ETags with quotes unless told otherwise (unquoted: $unquotedEtags)',
    async ({ unquotedEtags, form }) => {
      const store = fresh({ unquotedEtags });
      await store.compareAndSwap(create);
      let sent: unknown;
      server.faults.onRequest = ({ operation, headers }) => {
        if (operation === 'PutObject') sent = headers['if-match'];
        return undefined;
      };
      expect((await store.compareAndSwap(change)).applied).toBe(true);
      expect(sent).toMatch(form);
      await store.close();
    },
  );

  it('look for credentials again after they were refused', async () => {
    let secretAccessKey = 'wrong';
    const { accessKeyId } = server;
    const store = fresh({ credentials: async () => ({ accessKeyId, secretAccessKey }) });
    await expect(store.read(['a'])).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
    secretAccessKey = server.secretAccessKey;
    expect(await store.compareAndSwap(create)).toEqual({ applied: true });
    await store.close();
  });
});
