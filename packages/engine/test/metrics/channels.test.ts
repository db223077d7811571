/** What stores tell of their work, and to whom. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClorthoError } from '@clortho/base';
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type Message, type OpenOptions, open } from '../../src/index.ts';
import { hookedObjects, newBackends } from '../support/backends.ts';

const options: OpenOptions = { compaction: 'manual', tuning: { threads: 0 } };

/** Returns what is told on a channel while `work` goes on. */
async function toldOn(channel: string, work: () => Promise<unknown>): Promise<Message[]> {
  const messages: Message[] = [];
  const listener = (message: unknown): void => void messages.push(message as Message);
  subscribe(channel, listener);
  try {
    await work();
  } finally {
    unsubscribe(channel, listener);
  }
  return messages;
}

const durationMs = expect.any(Number);

describe('channels', () => {
  it('tell reads by key: keys, values found, bytes', async () => {
    await using store = await open('memory:', { ...options, families: { others: {} } });
    await store.put('k', 'value');
    const told = await toldOn('clortho:get', async () => {
      await store.get('k');
      await store.family('others').get('k');
      await store.getMany(['k', 'absent', 'k']);
      await using snapshot = await store.snapshot();
      await snapshot.get('k');
      store.peek('k');
    });
    const common = { store: 'memory:', durationMs, error: undefined };
    expect(told).toEqual([
      { ...common, family: 'default', keys: 1, found: 1, bytes: 5 },
      { ...common, family: 'others', keys: 1, found: 0, bytes: 0 },
      { ...common, family: 'default', keys: 3, found: 2, bytes: 10 },
      { ...common, family: 'default', keys: 1, found: 1, bytes: 5 },
    ]);
  });

  it('tell a scan once it ends, however it ends', async () => {
    await using store = await open('memory:', options);
    await store.write([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '22' },
    ]);
    await store.put('a', '333');
    const told = await toldOn('clortho:scan', async () => {
      for await (const _ of store.scan());
      for await (const _ of store.scan()) break;
      for await (const _ of store.history('a'));
      await expect(store.scan({ asOf: 0, limit: -1 }).next()).rejects.toThrow('limit');
    });
    expect(told).toMatchObject([
      { operation: 'scan', family: 'default', rows: 2, bytes: 7, error: undefined },
      { operation: 'scan', rows: 2, bytes: 7 },
      { operation: 'history', rows: 2, bytes: 4 },
      { operation: 'scan', rows: 0, bytes: 0, error: 'CLORTHO_INVALID' },
    ]);
  });

  it('time a scan without what its consumer takes', async () => {
    const clock = virtualClock();
    await using store = await open('memory:', { ...options, clock });
    await store.put('k', 'v');
    const [scan] = await toldOn('clortho:scan', async () => {
      for await (const _ of store.scan()) await clock.advance(500);
    });
    expect(scan?.durationMs).toBe(0);
  });

  it('tell writes, the commits that they share, and transactions with their attempts', async () => {
    await using store = await open('memory:', { ...options, families: { others: {} } });
    const work = async (): Promise<void> => {
      await store.write([
        { type: 'put', key: 'k', value: 'one' },
        { type: 'put', key: 'k', value: 'two', family: 'others' },
      ]);
      await store.put('k', 'x', { ifAbsent: true }).catch(() => undefined);
    };
    expect(await toldOn('clortho:write', work)).toEqual([
      {
        store: 'memory:',
        durationMs,
        error: undefined,
        families: ['default', 'others'],
        operations: 2,
        bytes: 8,
      },
      {
        store: 'memory:',
        durationMs,
        error: 'CLORTHO_CONFLICT',
        families: ['default'],
        operations: 1,
        bytes: 2,
      },
    ]);
    expect(await toldOn('clortho:commit', work)).toMatchObject([
      { batches: 1, shards: 1, files: 2, rows: 2, bytes: expect.any(Number), races: 0, error: undefined },
      { batches: 1, files: 0, rows: 0, error: 'CLORTHO_CONFLICT' },
    ]);
    const commits = await toldOn('clortho:commit', () =>
      Promise.all([store.put('a', '1'), store.put('b', '2'), store.put('c', '3')]),
    );
    expect(commits.reduce((sum, commit) => sum + (commit as unknown as { batches: number }).batches, 0)).toBe(
      3,
    );
    let runs = 0;
    const [transaction] = await toldOn('clortho:transact', () =>
      store.transact(async (tx) => {
        runs += 1;
        const before = await tx.get('a');
        if (runs === 1) await store.put('a', 'meanwhile');
        tx.put('a', `${before?.length}`);
      }),
    );
    expect(transaction).toMatchObject({ store: 'memory:', attempts: 2, error: undefined });
  });

  it('tell jobs of compaction', async () => {
    await using store = await open('memory:', options);
    await store.put('k', 'v');
    await store.put('k', 'w');
    const told = await toldOn('clortho:compaction', () => store.compact());
    expect(told).toMatchObject([
      {
        store: 'memory:',
        shard: 0,
        family: 'default',
        kind: 'merge',
        reason: expect.any(String),
        isLost: false,
        rowsRead: 2,
        rowsWritten: 2,
        error: undefined,
      },
    ]);
  });

  it('tell requests of both backends, and how they failed', async () => {
    const { objects, registers } = newBackends();
    let isDown = false;
    const flaky = hookedObjects(objects, () => {
      if (isDown) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'out of reach');
    });
    await using store = await open('memory:', { ...options, objects: flaky, registers });
    const told = await toldOn('clortho:request', async () => {
      await store.put('k', 'v');
      isDown = true;
      await store.put('k', 'w').catch(() => undefined);
      isDown = false;
      await store.gc();
    });
    expect(told).toContainEqual({
      store: 'memory:',
      durationMs,
      error: undefined,
      target: 'objects',
      operation: 'put',
      key: expect.stringMatching(/^sst\//),
      keys: 1,
      bytes: expect.any(Number),
    });
    expect(told).toContainEqual(
      expect.objectContaining({ target: 'registers', operation: 'swap', key: 'shard/000000/head', keys: 1 }),
    );
    expect(told).toContainEqual(expect.objectContaining({ operation: 'put', error: 'CLORTHO_UNAVAILABLE' }));
    expect(told).toContainEqual(
      expect.objectContaining({ target: 'objects', operation: 'list', error: undefined }),
    );
  });

  it('a listener that throws does not reach the store', async () => {
    await using store = await open('memory:', options);
    const thrown: unknown[] = [];
    const handlers = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => thrown.push(error));
    try {
      const listener = (): void => {
        throw new Error('of the listener');
      };
      subscribe('clortho:write', listener);
      await store.put('k', 'v').finally(() => unsubscribe('clortho:write', listener));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const handler of handlers) process.on('uncaughtException', handler);
    }
    expect(thrown).toMatchObject([{ message: 'of the listener' }]);
    expect(await store.get('k')).toBeDefined();
  });
});

describe('latencies in stats()', () => {
  it('are zeros where nothing was asked, and have what backends took', async () => {
    const clock = virtualClock();
    const { objects, registers } = newBackends();
    const slow = hookedObjects(objects, (call) => (call === 'put' ? clock.sleep(40) : undefined));
    await using store = await open('memory:', { ...options, clock, objects: slow, registers });
    const before = (await store.stats()).latencies;
    expect(before.commit).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
    expect(before.registerSwap.count).toBe(1);
    for (let turn = 0; turn < 3; turn += 1) {
      const written = store.put('k', 'v');
      await clock.advanceUntil(written, 1000);
    }
    const { latencies } = await store.stats();
    expect(latencies.objectPut).toMatchObject({ count: 3, maxMs: 40 });
    expect(latencies.commit).toMatchObject({ count: 3, maxMs: 40 });
    expect(latencies.commit.p50Ms).toBeCloseTo(40, 0);
    expect(latencies.registerSwap).toMatchObject({ count: 4, maxMs: 0 });
    expect(latencies.objectGet.count).toBe(0);
  });
});
