/** Throttling for a minute: writes slow down, none fails, what waits is bounded, and a caller that has enough can leave. */
import { type Clock, ClorthoError, retry, seededRandom, systemClock } from '@clortho/base';
import { createBucket, S3_RETRY_DEFAULT } from '@clortho/object-store';
import { createTable } from '@clortho/registers';
import { startDynamoDbServer, startS3Server, virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { contentsOf, hookedObjects, hookedRegisters, newBackends } from './support/backends.ts';
import { withTime } from './support/with-time.ts';

const MINUTE_MS = 60_000;
const QUEUE_BYTES = 16 * 1024;
const WRITES = 64;
const quiet = { compaction: 'manual', tuning: { threads: 0 }, queueBytes: QUEUE_BYTES } as const;

/** A store on services that answer nothing but "slow down" until so much time has passed; its backends have patience. */
async function throttledStore(untilMs: number) {
  const clock = virtualClock();
  const random = seededRandom(1);
  const backends = newBackends();
  const load = { isOn: false, refusals: 0, bytes: 0, bytesMax: 0 };
  const admit = (): Promise<void> =>
    retry(
      S3_RETRY_DEFAULT,
      { clock, random },
      () => 'throttled',
      async () => {
        if (!load.isOn || clock.monotonic() >= untilMs) return;
        load.refusals += 1;
        throw new ClorthoError('CLORTHO_UNAVAILABLE', 'slow down');
      },
    );
  const hooked = hookedObjects(backends.objects, admit);
  const objects: typeof hooked = {
    ...hooked,
    async put(key, bytes, options) {
      load.bytes += bytes.length;
      load.bytesMax = Math.max(load.bytesMax, load.bytes);
      await hooked.put(key, bytes, options);
      load.bytes -= bytes.length;
    },
  };
  const registers = hookedRegisters(backends.registers, (_call, _keys, when) =>
    when === 'before' ? admit() : undefined,
  );
  const store = await open('memory:', { ...quiet, objects, registers, clock, random });
  load.isOn = true;
  return { clock, store, load, backends };
}

/** A value that no codec makes smaller. */
function incompressible(seed: number, bytes: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: bytes }, () => random.uint32());
}

function writeMany(store: Store): Promise<string>[] {
  return Array.from({ length: WRITES }, (_, index) =>
    codeOf(() => store.put(`k${index}`, incompressible(index, 1000))),
  );
}

describe('a minute of throttling', () => {
  it('slows writes down; none fails, and no more waits than the queue may hold', async () => {
    const { clock, store, load, backends } = await throttledStore(MINUTE_MS);
    let settled = 0;
    const writes = writeMany(store).map((write) => write.finally(() => (settled += 1)));
    let queuedMax = 0;
    while (clock.monotonic() < MINUTE_MS) {
      expect(settled).toBe(0);
      await clock.advance(500);
      queuedMax = Math.max(queuedMax, (await store.stats()).queued.bytes);
    }
    expect(await withTime(clock, Promise.all(writes))).toEqual(Array(WRITES).fill('none'));
    expect(load.refusals).toBeGreaterThan(10);
    expect(queuedMax).toBeGreaterThan(QUEUE_BYTES / 2);
    expect(queuedMax).toBeLessThanOrEqual(QUEUE_BYTES);
    // What was taken from the queue and is being uploaded has the size of a queue at most, and some framing.
    expect(load.bytesMax).toBeLessThanOrEqual(1.1 * QUEUE_BYTES);
    await store.close();
    const again = await open('memory:', { ...quiet, ...backends });
    expect(await rowsOf(again.scan())).toHaveLength(WRITES);
    await again.close();
  });

  it('lets go of writes that are aborted, wherever they wait, and commits none of them', async () => {
    const { clock, store, backends } = await throttledStore(MINUTE_MS);
    const abort = new AbortController();
    const put = (key: string, signal?: AbortSignal): Promise<string> =>
      codeOf(() => store.put(key, incompressible(1, 6000), { signal }));
    const aborted: Promise<string>[] = [];
    const others: Promise<string>[] = [];
    for (const place of ['uploading', 'queued', 'without room']) {
      aborted.push(put(place, abort.signal));
      others.push(put(`beside ${place}`));
      await clock.advance(1000);
    }
    abort.abort();
    // No time passes: they do not wait for the throttling to end.
    expect(await Promise.all(aborted)).toEqual(Array(3).fill('CLORTHO_ABORTED'));
    expect(await withTime(clock, Promise.all(others))).toEqual(Array(3).fill('none'));
    await store.close();
    const again = await open('memory:', { ...quiet, ...backends });
    const keys = (await rowsOf(again.scan())).map((row) => row.split('=')[0]);
    expect(keys).toEqual(['beside queued', 'beside uploading', 'beside without room']);
    await again.close();
  });

  it('and of much longer is reported, and nothing was written', async () => {
    const { clock, store, backends } = await throttledStore(60 * MINUTE_MS);
    const before = await contentsOf(backends);
    const write = store.put('k', 'v').catch((error: unknown) => error);
    expect(await withTime(clock, write, 100)).toMatchObject({
      code: 'CLORTHO_UNAVAILABLE',
      message: 'slow down',
    });
    expect(clock.monotonic()).toBeGreaterThan(4 * MINUTE_MS);
    expect(clock.monotonic()).toBeLessThanOrEqual(5 * MINUTE_MS);
    expect(await contentsOf(backends)).toEqual(before);
    // The refresh in the background is throttled, too, and nobody waits for it.
    await store.close();
  });

  it('by S3 and DynamoDB is ridden out with the retries that everybody gets', async () => {
    // A minute of the store takes two seconds.
    const SPEED = 30;
    const clock: Clock = {
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic() * SPEED,
      sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
    };
    const [s3, dynamoDb] = await Promise.all([startS3Server(), startDynamoDbServer()]);
    const { region, accessKeyId, secretAccessKey } = s3;
    dynamoDb.replaceKey({ accessKeyId, secretAccessKey });
    const account = { region, credentials: { accessKeyId, secretAccessKey } };
    await createBucket({ ...account, bucket: 'bucket', endpoint: s3.endpoint });
    await createTable({ ...account, table: 'table', endpoint: dynamoDb.endpoint });
    const aws = { ...account, s3Endpoint: s3.endpoint, dynamoDbEndpoint: dynamoDb.endpoint };
    const store = await open('s3://bucket/store?registers=dynamodb://table', {
      ...quiet,
      aws,
      clock,
      shards: 3,
    });

    const endMs = clock.monotonic() + MINUTE_MS;
    let refusals = 0;
    const isThrottled = (): boolean => {
      if (clock.monotonic() >= endMs) return false;
      refusals += 1;
      // One in ten gets through, so that both services are met in the middle of commits.
      return refusals % 10 !== 0;
    };
    s3.faults.onRequest = () =>
      isThrottled() ? { kind: 'error', status: 503, code: 'SlowDown' } : undefined;
    dynamoDb.faults.onRequest = () =>
      isThrottled() ? { kind: 'error', code: 'ProvisionedThroughputExceededException' } : undefined;
    let rounds = 0;
    let queuedMax = 0;
    const written: string[] = [];
    while (clock.monotonic() < endMs || rounds === 0) {
      const keys = Array.from({ length: 40 }, (_, index) => `${rounds}-${index}`);
      const writes = Promise.all(
        keys.map((key, index) => codeOf(() => store.put(key, incompressible(index, 1000)))),
      );
      queuedMax = Math.max(queuedMax, (await store.stats()).queued.bytes);
      expect(await writes).toEqual(Array(40).fill('none'));
      written.push(...keys);
      rounds += 1;
    }
    expect(refusals).toBeGreaterThan(20);
    expect(queuedMax).toBeLessThanOrEqual(QUEUE_BYTES);
    for (const key of written) expect(text(await store.get(key))).toBeDefined();
    await store.close();
    await Promise.all([s3.close(), dynamoDb.close()]);
  });
});
