/** Splitting shards: metadata only, while reads, writes, transactions, compaction and collection go on. */
import { ClorthoError } from '@clortho/base';
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { hookedObjects, hookedRegisters, newBackends, newGate, objectKeys } from './support/backends.ts';

const quiet: OpenOptions = {
  compaction: 'manual',
  refreshMs: 3_600_000,
  tuning: { threads: 0, blockBytes: 64, fileBytes: 300 },
};

const LETTERS = 'abcdefghij'.split('');

async function fill(store: Store, value: string): Promise<void> {
  await store.write(LETTERS.map((key) => ({ type: 'put', key, value })));
}

async function shardsOf(store: Store): Promise<string[]> {
  const { shards } = await store.stats();
  return shards.map(({ shard, lower, upper }) => `${shard}:${text(lower)}-${text(upper) ?? ''}`);
}

describe('splitShard', () => {
  it('reads and writes no row, and changes no answer', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    await fill(store, '1');
    const { timestamp } = await store.put('c', '2');
    await store.del('d');
    const before = await objectKeys(backends.objects, 'sst/');
    const rows = await rowsOf(store.scan());
    expect(await store.splitShard(0, 'd')).toEqual({ left: 1, right: 2 });
    expect(await store.splitShard(2, 'f')).toEqual({ left: 3, right: 4 });
    expect(await shardsOf(store)).toEqual(['1:-d', '3:d-f', '4:f-']);
    expect(await objectKeys(backends.objects, 'sst/')).toEqual(before);
    expect(await rowsOf(store.scan())).toEqual(rows);
    expect(await rowsOf(store.scan({ reverse: true }))).toEqual([...rows].reverse());
    expect(await rowsOf(store.scan({ asOf: timestamp - 1, gte: 'c', lte: 'd' }))).toEqual(['c=1', 'd=1']);
    expect(await versionsOf(store.history('c'))).toHaveLength(2);
    expect((await store.getMany(LETTERS)).map(text)).toEqual([
      '1',
      '1',
      '2',
      undefined,
      '1',
      '1',
      '1',
      '1',
      '1',
      '1',
    ]);
    await store.close();
  });

  it('leaves each part to its own writes, although both share files', async () => {
    const store = await open('memory:', { ...quiet, ...newBackends() });
    await fill(store, '1');
    await store.splitShard(0, 'e');
    await store.put('b', '2');
    await store.put('f', '2');
    await store.del('h');
    const expected = ['a=1', 'b=2', 'c=1', 'd=1', 'e=1', 'f=2', 'g=1', 'i=1', 'j=1'];
    expect(await rowsOf(store.scan())).toEqual(expected);
    expect(await rowsOf(store.scan({ reverse: true }))).toEqual(expected.toReversed());
    expect(await rowsOf(store.scan({ gte: 'd', lt: 'g' }))).toEqual(expected.slice(3, 6));
    await store.close();
  });

  it('of one handle is followed by others, whatever they do next', async () => {
    const backends = newBackends();
    const options = { ...quiet, ...backends };
    const [left, right] = [await open('memory:', options), await open('memory:', options)];
    await fill(left, '1');
    expect(await rowsOf(right.scan({ atLeast: 'latest' }))).toHaveLength(10);
    await left.splitShard(0, 'e');
    await right.write([
      { type: 'put', key: 'b', value: '2' },
      { type: 'deleteRange', start: 'd', end: 'f' },
      { type: 'put', key: 'z', value: '2' },
    ]);
    expect(await shardsOf(right)).toEqual(['1:-e', '2:e-']);
    const { token } = await left.splitShard(2, 'h').then(() => left.put('i', '3'));
    expect(text(await right.get('i', { atLeast: token }))).toBe('3');
    const old = await right.put('a', '4');
    await left.splitShard(1, 'b');
    expect(text(await left.get('a', { atLeast: old.token }))).toBe('4');
    expect(await rowsOf(left.scan({ atLeast: 'latest' }))).toEqual(
      await rowsOf(right.scan({ atLeast: 'latest' })),
    );
    expect(await rowsOf(left.scan({ gte: 'c', lte: 'g' }))).toEqual(['c=1', 'f=1', 'g=1']);
    await Promise.all([left.close(), right.close()]);
    const again = await open('memory:', { ...options, create: 'never', shards: 1 });
    expect(await rowsOf(again.scan())).toHaveLength(9);
    await again.close();
  });

  it('is found by a handle that slept through it, and through the collection of what the shard had', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const options = { ...quiet, ...backends, clock, refreshMs: 1e9 };
    const sleeper = await open('memory:', options);
    const store = await open('memory:', options);
    for (let index = 0; index < 5; index += 1) await fill(store, `${index}`);
    for (let index = 0; index < 40; index += 1) await store.put('c', `${index}`);
    const before = await objectKeys(backends.objects, 'checkpoint/');
    await store.splitShard(0, 'd');
    await store.compact();
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1000);
      await store.gc();
    }
    const left = await objectKeys(backends.objects, 'checkpoint/');
    expect(before.filter((key) => left.includes(key))).toEqual([]);
    expect(text(await sleeper.get('c', { atLeast: 'latest' }))).toBe('39');
    expect(await shardsOf(sleeper)).toEqual(['1:-d', '2:d-']);
    await sleeper.put('c', 'awake');
    expect(text(await store.get('c', { atLeast: 'latest' }))).toBe('awake');
    await Promise.all([store.close(), sleeper.close()]);
  });

  it('in the middle of a commit makes it sort its rows again, and loses none', async () => {
    const backends = newBackends();
    const gate = newGate();
    let isStalling = false;
    const objects = hookedObjects(backends.objects, (call, key) =>
      isStalling && call === 'put' && key.startsWith('sst/') ? gate.wait() : undefined,
    );
    const options = { ...quiet, ...backends, shards: ['m'] };
    const [writer, splitter] = [
      await open('memory:', { ...options, objects }),
      await open('memory:', options),
    ];
    await fill(writer, '1');
    isStalling = true;
    const writing = writer.write([
      ...LETTERS.map((key) => ({ type: 'put', key, value: '2' }) as const),
      { type: 'put', key: 'n', value: '2' },
    ]);
    await gate.reached;
    await splitter.splitShard(0, 'e');
    isStalling = false;
    gate.open();
    const { token } = await writing;
    expect(Object.keys(token)).toEqual(['1', '2', '3']);
    expect(await rowsOf(splitter.scan({ atLeast: token }))).toEqual(
      [...LETTERS, 'n'].map((key) => `${key}=2`),
    );
    await Promise.all([writer.close(), splitter.close()]);
  });

  it('of what a transaction read makes it look again, not fail', async () => {
    const backends = newBackends();
    const options = { ...quiet, ...backends };
    const [store, other] = [await open('memory:', options), await open('memory:', options)];
    await fill(store, '1');
    let attempts = 0;
    await store.transact(async (tx) => {
      attempts += 1;
      const rows = await rowsOf(tx.scan({ gte: 'b', lt: 'g' }));
      if (attempts === 1) await other.splitShard(0, 'd');
      tx.put('sum', `${rows.length}`);
    });
    expect([attempts, text(await other.get('sum', { atLeast: 'latest' }))]).toEqual([1, '5']);
    await store.transact(async (tx) => {
      attempts += 1;
      const value = text(await tx.get('a'));
      if (attempts === 2) {
        await other.splitShard(1, 'b');
        await other.put('a', '7');
      }
      tx.put('copy', `${value}`);
    });
    expect([attempts, text(await store.get('copy'))]).toEqual([3, '7']);
    await Promise.all([store.close(), other.close()]);
  });

  it('inherits what is settled: no later commit changes a time that was read', async () => {
    const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, clock });
    await fill(store, '1');
    await clock.advance(1000);
    const closed = clock.now();
    const seen = await rowsOf(store.scan({ asOf: closed }));
    await store.splitShard(0, 'e');
    // Another process, whose clock is behind.
    const late = await open('memory:', {
      ...quiet,
      ...backends,
      clock: virtualClock({ epochMicros: closed - 5e6 }),
    });
    const { timestamp } = await late.put('b', '2');
    expect(timestamp).toBeGreaterThan(closed);
    expect(await rowsOf(store.scan({ asOf: closed }))).toEqual(seen);
    await Promise.all([store.close(), late.close()]);
  });

  it('leaves both parts their files until both have merged them: truncation and collection spare what is shared', async () => {
    const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, clock });
    for (const value of '1234') {
      await fill(store, value);
      await clock.advance(10);
    }
    await store.compact();
    await store.splitShard(0, 'e');
    await store.put('a', '5'); // Only the left part has something to merge.
    const shared = await rowsOf(store.scan({ gte: 'e' }));
    await store.compact();
    await store.truncateHistory(clock.now());
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1000);
      await store.gc();
    }
    expect(await rowsOf(store.scan({ gte: 'e' }))).toEqual(shared);
    expect(await rowsOf(store.scan({ lt: 'e' }))).toEqual(['a=5', 'b=4', 'c=4', 'd=4']);
    const again = await open('memory:', { ...quiet, ...backends, clock });
    expect(await rowsOf(again.scan())).toHaveLength(10);
    await Promise.all([store.close(), again.close()]);
  });

  it('keeps the horizon: what was truncated stays so', async () => {
    const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
    const store = await open('memory:', { ...quiet, ...newBackends(), clock });
    await fill(store, '1');
    const { timestamp } = await store.put('a', '2');
    await store.truncateHistory(timestamp);
    await store.splitShard(0, 'e');
    for (const key of ['a', 'z'])
      expect(await codeOf(() => store.get(key, { asOf: timestamp - 1 }))).toBe('CLORTHO_HISTORY_TRUNCATED');
    expect(text(await store.get('a', { asOf: timestamp }))).toBe('2');
    await store.close();
  });

  it('lets each part merge its own rows alone', async () => {
    const store = await open('memory:', { ...quiet, ...newBackends() });
    for (const value of '123') await fill(store, value);
    await store.splitShard(0, 'd');
    await store.compact();
    const { totals, shards } = await store.stats();
    expect([totals.delta.rows, totals.current.rows, totals.history.rows]).toEqual([0, 10, 20]);
    expect(shards.map(({ families }) => families[0]?.current.rows)).toEqual([3, 7]);
    expect(await versionsOf(store.history('d'))).toHaveLength(3);
    await store.close();
  });

  it('while history is truncated leaves no shard without a file that it has', async () => {
    const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
    const backends = newBackends();
    let onSwap: (() => Promise<unknown>) | undefined;
    const registers = hookedRegisters(backends.registers, async (call, keys, when) => {
      const run =
        call === 'swap' && when === 'before' && keys[0] === 'shard/000002/head' ? onSwap : undefined;
      if (run !== undefined) onSwap = undefined;
      await run?.();
    });
    const options = { ...quiet, ...backends, clock };
    const [store, other] = [await open('memory:', { ...options, registers }), await open('memory:', options)];
    for (const value of '12') {
      await fill(store, value);
      await clock.advance(10);
    }
    await store.compact();
    await store.splitShard(0, 'e');
    // The left part has dropped what is shared when the right one, about to do so, is split.
    onSwap = () => other.splitShard(2, 'g');
    await store.truncateHistory(clock.now());
    expect(onSwap).toBeUndefined();
    const live = (await store.stats()).shards.flatMap(({ families }) =>
      families.flatMap(({ entries }) => entries.map(({ id }) => `sst/${id}.sst`)),
    );
    const stored = new Set(await objectKeys(backends.objects, 'sst/'));
    expect(live.filter((key) => !stored.has(key))).toEqual([]);
    await Promise.all([store.close(), other.close()]);
  });

  it('does not touch a snapshot, nor a scan under way', async () => {
    const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
    const backends = newBackends();
    const options = { ...quiet, ...backends, clock };
    const [store, other] = [await open('memory:', options), await open('memory:', options)];
    await fill(store, '1');
    const expected = LETTERS.map((key) => `${key}=1`);
    const snapshot = await store.snapshot();
    const scan = store.scan()[Symbol.asyncIterator]();
    const first = await scan.next();
    await other.splitShard(0, 'c');
    await other.splitShard(2, 'f');
    await fill(other, '2');
    await other.compact();
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1);
      await other.gc();
    }
    expect(await rowsOf(snapshot.scan())).toEqual(expected);
    expect(
      [first.value, ...(await rest(scan))].map((row) => `${text(row?.key)}=${text(row?.value)}`),
    ).toEqual(expected);
    await snapshot.close();
    await Promise.all([store.close(), other.close()]);
  });

  it('whose reply is lost is settled by the head that it sealed', async () => {
    const backends = newBackends();
    let lose = false;
    const registers = hookedRegisters(backends.registers, (call, keys, when) => {
      if (call !== 'swap' || when !== 'after' || !keys.includes('map') || !lose) return;
      lose = false;
      throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'the reply was lost');
    });
    const store = await open('memory:', { ...quiet, ...backends, registers });
    await fill(store, '1');
    lose = true;
    expect(await store.splitShard(0, 'e')).toEqual({ left: 1, right: 2 });
    expect([lose, await rowsOf(store.scan())]).toEqual([false, LETTERS.map((key) => `${key}=1`)]);
    await store.close();
  });

  it('is won by one of many that race, and every shard is split once', async () => {
    const backends = newBackends();
    const options = { ...quiet, ...backends, shards: ['e'] };
    const stores = await Promise.all([1, 2, 3].map(() => open('memory:', options)));
    await fill(stores[0] as Store, '1');
    const codes = await Promise.all(
      stores.flatMap((store) => [
        codeOf(() => store.splitShard(0, 'c')),
        codeOf(() => store.splitShard(1, 'g')),
        codeOf(() => store.put('f', 'x')),
      ]),
    );
    expect(codes.filter((code) => code === 'none')).toHaveLength(5);
    expect(codes.filter((code) => code === 'CLORTHO_INVALID')).toHaveLength(4);
    for (const store of stores) expect(await rowsOf(store.scan({ atLeast: 'latest' }))).toHaveLength(10);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('refuses what is no split', async () => {
    const store = await open('memory:', { ...quiet, shards: ['b', 'd'] });
    const calls: [number, string][] = [
      [9, 'c'],
      [1, 'b'],
      [1, 'd'],
      [1, 'a'],
      [0, ''],
      [1, `c${'x'.repeat(64)}`],
    ];
    for (const [shard, key] of calls) {
      expect([shard, key, await codeOf(() => store.splitShard(shard, key))]).toEqual([
        shard,
        key,
        'CLORTHO_INVALID',
      ]);
    }
    expect(await shardsOf(store)).toHaveLength(3);
    await store.close();
    expect(await codeOf(() => store.splitShard(1, 'c'))).toBe('CLORTHO_CLOSED');
  });
});

async function rest<T>(iterator: AsyncIterator<T>): Promise<T[]> {
  const items: T[] = [];
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
    items.push(next.value);
  return items;
}
