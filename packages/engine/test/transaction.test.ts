/** Transactions: own writes, conflicts of points and ranges, order, retries. */
import { ClorthoError, seededRandom, systemClock } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store, type Transaction, UNCOMMITTED } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { newBackends } from './support/backends.ts';

const quiet: OpenOptions = {
  compaction: 'manual',
  tuning: { threads: 0, blockBytes: 256, fileBytes: 1000 },
  shards: ['m'],
};

/** Two handles on one store: what they know of each other they know from the backends. */
async function twoHandles(options: OpenOptions = {}): Promise<[Store, Store]> {
  const shared = { ...quiet, ...newBackends(), ...options };
  return [await open('memory:', shared), await open('memory:', shared)];
}

const numberOf = (bytes: Uint8Array | undefined): number => Number(text(bytes) ?? 0);

describe('a transaction', () => {
  it('reads one view and its own writes on top, and nobody else sees them before it commits', async () => {
    const [store, other] = await twoHandles();

    await store.write([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '2' },
      { type: 'put', key: 'x', value: '3' },
    ]);
    const work = async (tx: Transaction): Promise<void> => {
      await other.put('c', 'of another');
      tx.put('b', 'own');
      tx.put('n', 'new');
      tx.deleteRange('w', 'z');
      tx.put('y', 'after the range');
      tx.del('a');
      expect(text(await tx.get('b'))).toBe('own');
      expect(await tx.get('x')).toBeUndefined();
      expect((await tx.getMany(['a', 'c', 'y'])).map(text)).toEqual([
        undefined,
        undefined,
        'after the range',
      ]);
      expect(await rowsOf(tx.scan())).toEqual(['b=own', 'n=new', 'y=after the range']);
      expect(await rowsOf(tx.scan({ reverse: true, limit: 2 }))).toEqual(['y=after the range', 'n=new']);
      for await (const row of tx.scan({ gte: 'n' })) expect(row.timestamp).toBe(UNCOMMITTED);
    };
    // What it has read everything of was changed by another.
    expect(await codeOf(() => store.transact(work, { attempts: 1 }))).toBe('CLORTHO_CONFLICT');
    expect(await rowsOf(other.scan({ atLeast: 'latest' }))).toEqual(['a=1', 'b=2', 'c=of another', 'x=3']);
    await Promise.all([store.close(), other.close()]);
  });

  it('merges operands into what it reads', async () => {
    const store = await open('memory:', quiet);
    const sums = await store.createFamily('sums', { merge: 'append' });
    await sums.put('a', 'x');
    await store.transact(async (tx) => {
      const family = 'sums';
      tx.merge('a', 'y', { family });
      tx.merge('b', 'z', { family });
      expect(text(await tx.get('a', { family }))).toBe('xy');
      expect(await rowsOf(tx.scan({ family }))).toEqual(['a=xy', 'b=z']);
      tx.del('a', { family });
      tx.merge('a', 'new', { family });
      expect(text(await tx.get('a', { family }))).toBe('new');
    });
    expect(await rowsOf(sums.scan())).toEqual(['a=new', 'b=z']);
    await store.close();
  });

  it('commits all that it wrote at one timestamp, over shards and families', async () => {
    const store = await open('memory:', quiet);
    await store.createFamily('log');
    const { timestamp, token, value } = await store.transact((tx) => {
      tx.put('a', '1');
      tx.put('z', '2');
      tx.put('a', 'entry', { family: 'log' });
      return 7;
    });
    expect(value).toBe(7);
    expect(Object.keys(token)).toHaveLength(2);
    for await (const row of store.scan()) expect(row.timestamp).toBe(timestamp);
    expect(await rowsOf(store.scan({ family: 'log' }))).toEqual(['a=entry']);
    await store.close();
  });

  it('that fails writes nothing, and cannot be used afterwards', async () => {
    const store = await open('memory:', quiet);
    let kept: Transaction | undefined;
    const failing = store.transact((tx) => {
      kept = tx;
      tx.put('a', '1');
      throw new Error('of the work');
    });
    await expect(failing).rejects.toThrow('of the work');
    expect(await rowsOf(store.scan())).toEqual([]);
    expect(await codeOf(() => kept?.put('a', '2'))).toBe('CLORTHO_CLOSED');
    expect(await codeOf(() => kept?.get('a'))).toBe('CLORTHO_CLOSED');
    await store.close();
  });

  it('without writes commits nothing', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    const { swaps } = backends.registers.counters;
    await store.transact(async (tx) => expect(await tx.get('a')).toBeUndefined());
    expect(backends.registers.counters.swaps).toBe(swaps);
    await store.close();
  });

  it.each<
    [what: string, read: (tx: Transaction) => Promise<unknown>, change: (store: Store) => Promise<unknown>]
  >([
    ['a key that it read', (tx) => tx.get('a'), (store) => store.put('a', 'changed')],
    ['a key that it read was deleted', (tx) => tx.get('a'), (store) => store.del('a')],
    ['a key that was absent', (tx) => tx.get('c'), (store) => store.put('c', 'new')],
    ['a row in a range', (tx) => rowsOf(tx.scan({ lt: 'm' })), (store) => store.put('b', 'changed')],
    [
      'a row that appears in a range',
      (tx) => rowsOf(tx.scan({ prefix: 'c' })),
      (store) => store.put('cc', 'new'),
    ],
    ['a row that a range loses', (tx) => rowsOf(tx.scan({ reverse: true })), (store) => store.del('b')],
    [
      'a row before the place where a scan was left',
      (tx) => rowsOf(tx.scan({ limit: 1 })),
      (store) => store.put('A', 'x'),
    ],
  ])('runs again when another changed %s', async (_, read, change) => {
    const [store, other] = await twoHandles();
    await store.write([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '2' },
    ]);
    let runs = 0;
    await store.transact(async (tx) => {
      runs += 1;
      await read(tx);
      if (runs === 1) await change(other);
      // It writes on the other shard: the conflict is with what it read alone.
      tx.put('z', `${runs}`);
    });
    expect(runs).toBe(2);
    expect(text(await store.get('z'))).toBe('2');
    await Promise.all([store.close(), other.close()]);
  });

  it.each<
    [what: string, read: (tx: Transaction) => Promise<unknown>, change: (store: Store) => Promise<unknown>]
  >([
    ['another key of the shard', (tx) => tx.get('a'), (store) => store.put('b', 'changed')],
    [
      'a row behind the place where a scan was left',
      (tx) => rowsOf(tx.scan({ limit: 1 })),
      (store) => store.put('b', 'x'),
    ],
    [
      'a key that it wrote without reading',
      async (tx) => tx.put('a', 'own'),
      (store) => store.put('a', 'other'),
    ],
    ['nothing: files were only merged', (tx) => rowsOf(tx.scan()), (store) => store.compact()],
  ])('commits at once when another changed %s', async (_, read, change) => {
    const [store, other] = await twoHandles();
    await store.write([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '2' },
    ]);
    let runs = 0;
    await store.transact(async (tx) => {
      runs += 1;
      await read(tx);
      if (runs === 1) await change(other);
      tx.put('z', `${runs}`);
    });
    expect(runs).toBe(1);
    await Promise.all([store.close(), other.close()]);
  });

  it('gives up after its attempts', async () => {
    const [store, other] = await twoHandles();
    let runs = 0;
    const losing = store.transact(
      async (tx) => {
        runs += 1;
        await tx.get('a');
        await other.put('a', `${runs}`);
        tx.put('z', 'never');
      },
      { attempts: 3 },
    );
    await expect(losing).rejects.toMatchObject({ code: 'CLORTHO_CONFLICT' });
    expect(runs).toBe(3);
    expect(await store.get('z', { atLeast: 'latest' })).toBeUndefined();
    await Promise.all([store.close(), other.close()]);
  });

  it('stops between attempts when it is aborted', async () => {
    const [store, other] = await twoHandles();
    const controller = new AbortController();
    const aborted = store.transact(
      async (tx) => {
        await tx.get('a');
        await other.put('a', 'x');
        tx.put('z', 'never');
        controller.abort();
      },
      { signal: controller.signal },
    );
    await expect(aborted).rejects.toBeInstanceOf(ClorthoError);
    expect(await store.get('z', { atLeast: 'latest' })).toBeUndefined();
    await Promise.all([store.close(), other.close()]);
  });

  it('with external time takes the timestamp that it is given, above all that it touched', async () => {
    const store = await open('memory:', { ...quiet, time: 'external' });
    await store.put('a', '1', { timestamp: 10 });
    const work = async (tx: Transaction) => {
      await tx.get('a');
      tx.put('z', 'x');
    };
    expect((await store.transact(work, { timestamp: 20 })).timestamp).toBe(20);
    expect(await codeOf(() => store.transact(work, { timestamp: 15 }))).toBe('CLORTHO_CONFLICT');
    // The shard that was only read is closed at the commit timestamp.
    expect(await codeOf(() => store.put('a', '2', { timestamp: 18 }))).toBe('CLORTHO_CONFLICT');
    await store.put('a', '50', { timestamp: 50 });
    // Above what it writes upon, but not above what it reads.
    expect(await codeOf(() => store.transact(work, { timestamp: 40 }))).toBe('CLORTHO_CONFLICT');
    await store.close();
  });

  it('comes after everything that its process has seen, on any shard', async () => {
    const backends = newBackends();
    const ahead = {
      now: () => systemClock.now() + 3_600_000_000,
      monotonic: () => systemClock.monotonic(),
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms, signal),
    };
    const store = await open('memory:', { ...quiet, ...backends });
    const other = await open('memory:', { ...quiet, ...backends, clock: ahead });
    const seen = await other.put('z', 'an hour ahead');
    await store.get('z', { atLeast: seen.token });
    const { timestamp } = await store.transact((tx) => tx.put('a', 'after it'));
    expect(timestamp).toBeGreaterThan(seen.timestamp);
    await Promise.all([store.close(), other.close()]);
  });
});

describe('transactions side by side', () => {
  it('keep two accounts on two shards from being overdrawn together (write skew)', async () => {
    const stores = await twoHandles();
    for (let round = 0; round < 10; round += 1) {
      await stores[0].write([
        { type: 'put', key: 'ann', value: '100' },
        { type: 'put', key: 'zoe', value: '100' },
      ]);
      const withdraw = (store: Store, from: string) =>
        store.transact(async (tx) => {
          const sum = numberOf(await tx.get('ann')) + numberOf(await tx.get('zoe'));
          if (sum >= 150) tx.put(from, `${numberOf(await tx.get(from)) - 150}`);
        });
      await Promise.all([withdraw(stores[0], 'ann'), withdraw(stores[1], 'zoe')]);
      const left = await stores[0].getMany(['ann', 'zoe'], { atLeast: 'latest' });
      expect(numberOf(left[0]) + numberOf(left[1])).toBe(50);
    }
    await Promise.all(stores.map((store) => store.close()));
  });

  it('lose no increment, and their timestamps are the order in which they happened', async () => {
    const stores = await twoHandles();
    const random = seededRandom(1);
    const log: { timestamp: number; read: number[] }[] = [];
    const keys = ['a', 'b', 'y', 'z'];
    await Promise.all(
      stores.map(async (store) => {
        for (let turn = 0; turn < 20; turn += 1) {
          const target = keys[random.uint32() % keys.length] as string;
          const { timestamp, value } = await store.transact(
            async (tx) => {
              const read = (await tx.getMany(keys)).map(numberOf);
              tx.put(target, `${(read[keys.indexOf(target)] as number) + 1}`);
              return read;
            },
            { attempts: 100 },
          );
          log.push({ timestamp, read: value });
        }
      }),
    );
    log.sort((left, right) => left.timestamp - right.timestamp);
    // In order of timestamps, each has read exactly the sum of those before it.
    log.forEach(({ read }, at) => expect(read.reduce((sum, count) => sum + count)).toBe(at));
    await Promise.all(stores.map((store) => store.close()));
  });
});
