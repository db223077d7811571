/** What commits and idling cost, in requests: every PUT and every register request is money and time in a cloud. */
import { createBucket, type ObjectCounters } from '@clortho/object-store';
import { createTable, type RegisterCounters } from '@clortho/registers';
import { startDynamoDbServer, startS3Server, virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { hookedObjects, hookedRegisters, newBackends } from './support/backends.ts';
import { withTime } from './support/with-time.ts';

const quiet: OpenOptions = { compaction: 'manual', refreshMs: 1e9, tuning: { threads: 0 } };
const EDITS_PER_CHECKPOINT = 16;

/** Counters by name, as the difference between two moments. */
type Spent = Readonly<Omit<ObjectCounters & RegisterCounters, 'lists'>> & { readonly lists: number };

/** Returns what `work` spends on requests. */
async function spentBy(store: Store, work: () => Promise<unknown>): Promise<Spent> {
  const before = await store.stats();
  await work();
  const after = await store.stats();
  const spent: Record<string, number> = { lists: after.registers.lists - before.registers.lists };
  for (const part of ['objects', 'registers'] as const) {
    for (const [name, count] of Object.entries(after[part])) {
      const earlier = (before[part] as unknown as Record<string, number>)[name] ?? 0;
      if (name !== 'lists') spent[name] = count - earlier;
    }
  }
  return {
    ...(spent as unknown as Spent),
    lists: (spent['lists'] ?? 0) + after.objects.lists - before.objects.lists,
  };
}

/** Returns one put into each of the first `count` of 16 even shards. */
function acrossShards(count: number, value: string): Parameters<Store['write']>[0] {
  return Array.from({ length: count }, (_, shard) => ({
    type: 'put' as const,
    key: Uint8Array.of(shard * 16, 1),
    value,
  }));
}

describe('a batch', () => {
  it('on one shard costs 1 PUT, 1 register write and 1/16 of a checkpoint, however many came before', async () => {
    const store = await open('memory:', quiet);
    const COMMITS = 320;
    for (let round = 0; round < 4; round += 1) {
      const spent = await spentBy(store, async () => {
        for (let index = 0; index < COMMITS; index += 1) await store.put(`key/${round}/${index}`, 'value');
      });
      expect(spent).toMatchObject({
        puts: COMMITS + COMMITS / EDITS_PER_CHECKPOINT,
        swaps: COMMITS,
        registersWritten: COMMITS,
        reads: 0,
        heads: 0,
        deletes: 0,
        lists: 0,
      });
      // Merging segments reads them back: about one for each that is written.
      expect(spent.gets).toBeLessThanOrEqual((1.5 * COMMITS) / EDITS_PER_CHECKPOINT);
      expect(spent.bytesWritten / COMMITS).toBeLessThan(4096);
    }
    await store.close();
  });

  it('over 10 shards costs 10 PUTs and 1 transaction of 10 registers', async () => {
    const backends = newBackends();
    const swaps: number[] = [];
    const registers = hookedRegisters(backends.registers, (call, keys, when) => {
      if (call === 'swap' && when === 'before') swaps.push(keys.length);
    });
    const store = await open('memory:', { ...quiet, ...backends, registers, shards: 16 });
    swaps.length = 0;
    const first = await spentBy(store, () => store.write(acrossShards(10, 'v')));
    expect(first).toMatchObject({ puts: 10, swaps: 1, registersWritten: 10, reads: 0, gets: 0, lists: 0 });
    expect(swaps).toEqual([10]);
    const COMMITS = 64;
    const spent = await spentBy(store, async () => {
      for (let index = 0; index < COMMITS; index += 1) await store.write(acrossShards(10, `${index}`));
    });
    const checkpoints = (10 * COMMITS) / EDITS_PER_CHECKPOINT;
    expect(spent).toMatchObject({ puts: 10 * COMMITS + checkpoints, swaps: COMMITS, reads: 0 });
    await store.close();
  });

  it('of 64 writers at once shares its commit: no more than one per round trip', async () => {
    const UPLOAD_MS = 40;
    const SWAP_MS = 10;
    const WRITERS = 64;
    const ROWS = 10;
    const clock = virtualClock();
    const backends = newBackends();
    const objects = hookedObjects(backends.objects, (call) =>
      call === 'put' ? clock.sleep(UPLOAD_MS) : undefined,
    );
    let underWay = 0;
    let underWayMost = 0;
    const registers = hookedRegisters(backends.registers, async (call, _, when) => {
      if (call !== 'swap') return;
      underWay += when === 'before' ? 1 : -1;
      underWayMost = Math.max(underWayMost, underWay);
      await clock.sleep(SWAP_MS / 2);
    });
    const options = { ...quiet, objects, registers, clock };
    const store = await withTime(clock, open('memory:', options));
    const began = clock.monotonic();
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let row = 0; row < ROWS; row += 1) await store.put(`${writer}/${row}`, 'v');
    });
    const spent = await spentBy(store, () => withTime(clock, Promise.all(writers)));
    const elapsedMs = clock.monotonic() - began;
    const roundTrips = elapsedMs / UPLOAD_MS;
    expect(spent.swaps).toBeLessThanOrEqual(roundTrips);
    expect(underWayMost).toBe(1);
    // Every writer waits for one upload and one swap, and for the one before to end.
    expect(elapsedMs).toBeLessThanOrEqual(ROWS * (UPLOAD_MS + SWAP_MS) + UPLOAD_MS);
    expect(spent.swaps).toBeLessThanOrEqual(ROWS + 1);
    await withTime(clock, store.close());
  });
});

describe('an idle store', () => {
  it.each(['auto', 'manual'] as const)(
    'reads its heads once per refresh interval and asks for no object (compaction %s)',
    async (compaction) => {
      const clock = virtualClock();
      const store = await open('memory:', { clock, compaction, shards: 8, tuning: { threads: 0 } });
      for (let index = 0; index < 40; index += 1) await store.put(Uint8Array.of(index * 6), 'v');
      // What is worth doing while nobody writes is done by then.
      await clock.advance(60_000);
      const spent = await spentBy(store, () => clock.advance(60_000));
      expect(spent).toMatchObject({
        reads: 60,
        registersRead: 480,
        swaps: 0,
        lists: 0,
        puts: 0,
        gets: 0,
        heads: 0,
      });
      await store.close();
    },
  );

  it('with a snapshot adds one register write per quarter of its lease', async () => {
    const clock = virtualClock();
    const store = await open('memory:', { ...quiet, refreshMs: 1000, clock });
    const snapshot = await store.snapshot();
    const spent = await spentBy(store, () => clock.advance(600_000));
    expect(spent).toMatchObject({ reads: 600, swaps: 40, lists: 0, puts: 0, gets: 0 });
    await snapshot.close();
    await store.close();
  });
});

describe('on S3 and DynamoDB', () => {
  it('requests on the wire are those that the counters tell', async () => {
    const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secretsecret' };
    const [s3, dynamoDb] = await Promise.all([startS3Server(credentials), startDynamoDbServer(credentials)]);
    const { region } = s3;
    await createBucket({ bucket: 'bucket', region, endpoint: s3.endpoint, credentials });
    await createTable({ table: 'table', region, endpoint: dynamoDb.endpoint, credentials });
    const aws = { region, s3Endpoint: s3.endpoint, dynamoDbEndpoint: dynamoDb.endpoint, credentials };
    const url = 's3://bucket/p?registers=dynamodb://table';
    const store = await open(url, { ...quiet, aws, shards: 16 });
    const wire = (): Record<string, number> => ({
      ...dynamoDb.counters.operations,
      ...s3.counters.operations,
    });
    const requestsOf = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
      const before = wire();
      const requests = dynamoDb.counters.requests + s3.counters.requests;
      await work();
      const spent: Record<string, number> = {};
      for (const [name, count] of Object.entries(wire())) {
        const made = count - (before[name] ?? 0);
        if (made > 0) spent[name] = made;
      }
      const made = dynamoDb.counters.requests + s3.counters.requests - requests;
      expect(Object.values(spent).reduce((sum, count) => sum + count, 0)).toBe(made);
      return spent;
    };
    expect(await requestsOf(() => store.put('k', 'v'))).toEqual({ PutObject: 1, UpdateItem: 1 });
    expect(await requestsOf(() => store.write(acrossShards(10, 'v')))).toEqual({
      PutObject: 10,
      TransactWriteItems: 1,
    });
    const many = await requestsOf(async () => {
      for (let index = 0; index < 32; index += 1) await store.put('k', `${index}`);
    });
    expect(many).toMatchObject({ PutObject: 34, UpdateItem: 32 });
    expect(await requestsOf(() => store.get('k', { atLeast: 'latest' }))).toEqual({ TransactGetItems: 1 });
    expect(await requestsOf(() => store.get('k'))).toEqual({});
    await store.close();
    await Promise.all([s3.close(), dynamoDb.close()]);
  });
});
