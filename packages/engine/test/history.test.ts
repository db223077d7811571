/** Point-in-time reads and histories over all tiers. External time makes the timestamps readable. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text, versionsOf } from './support/answers.ts';

const options: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  tuning: { threads: 0, blockBytes: 64, fileBytes: 200, historyBucketMs: 1 },
};
const SECOND = 1_000_000;

/** A store in which `k` had the value `N` from N seconds on, for N in 1..versions. */
async function storeWith(versions: number, more: OpenOptions = {}): Promise<Store> {
  const store = await open('memory:', { ...options, ...more });
  for (let index = 1; index <= versions; index += 1) {
    await store.write(
      [
        { type: 'put', key: 'k', value: `${index}` },
        { type: 'put', key: `other${index}`, value: 'x' },
      ],
      { timestamp: index * SECOND },
    );
    if (index % 3 === 0) await store.compact();
  }
  return store;
}

describe('a read in the past', () => {
  it('finds every version at its first and last microsecond, in every tier', async () => {
    const store = await storeWith(20);
    for (let index = 1; index <= 20; index += 1) {
      const [first, last] = [index * SECOND, Math.min((index + 1) * SECOND - 1, 20 * SECOND)];
      expect(text(await store.get('k', { asOf: first }))).toBe(`${index}`);
      expect(text(await store.get('k', { asOf: last }))).toBe(`${index}`);
      expect(await rowsOf(store.scan({ asOf: last, lte: 'k' }))).toEqual([`k=${index}`]);
      expect(await rowsOf(store.scan({ asOf: last }))).toHaveLength(index + 1);
      expect((await store.getMany(['other1', `other${index + 1}`], { asOf: last })).map(text)).toEqual([
        'x',
        undefined,
      ]);
    }
    expect(await store.get('k', { asOf: SECOND - 1 })).toBeUndefined();
    expect(await store.get('k', { asOf: 0 })).toBeUndefined();
    await store.close();
  });

  it('a history bucket with an ended version does not hide the one that was alive', async () => {
    // The bucket is read because of `other`, and holds a version of `k` that had ended; a later bucket has the right one.
    const tuning = { ...options.tuning, fileBytes: 100_000, historyBucketMs: 1000 };
    const store = await open('memory:', { ...options, tuning });
    await store.put('k', 'first', { timestamp: 10 });
    await store.put('other', 'early', { timestamp: 15 });
    await store.put('k', 'second', { timestamp: 20 });
    await store.put('other', 'late', { timestamp: 500 });
    await store.compact();
    await store.put('k', 'third', { timestamp: 2 * SECOND });
    await store.compact();
    const [shard] = (await store.stats()).shards;
    expect(shard?.families[0]?.history.files).toBe(2);
    const found = [10, 19, 20, 100, 499, SECOND].map((asOf) => store.get('k', { asOf }));
    const values = ['first', 'first', 'second', 'second', 'second', 'second'];
    expect((await Promise.all(found)).map(text)).toEqual(values);
    await store.close();
  });

  it('files of current stay disjoint when delta has gaps', async () => {
    const store = await open('memory:', { ...options, tuning: { ...options.tuning, fileBytes: 100_000 } });
    for (const key of ['m1', 'm2', 'm3']) await store.put(key, key, { timestamp: Number(key[1]) });
    await store.compact();
    // Each delta file lies on one side of the file of current that holds m1 to m3; their merge lies on both.
    await store.put('a', 'a', { timestamp: 4 });
    await store.put('z', 'z', { timestamp: 5 });
    await store.compact();
    const files = (await store.stats()).shards[0]?.families[0]?.entries ?? [];
    expect(files.map(({ tier }) => tier)).toEqual(['current', 'current', 'current']);
    for (const [index, file] of files.entries()) {
      const next = files[index + 1];
      if (next !== undefined)
        expect(Buffer.compare(file.upper as Uint8Array, next.lower)).toBeLessThanOrEqual(0);
    }
    const rows = ['a', 'm1', 'm2', 'm3', 'z'].map((key) => `${key}=${key}`);
    expect(await rowsOf(store.scan())).toEqual(rows);
    expect(await rowsOf(store.scan({ reverse: true }))).toEqual([...rows].reverse());
    for (const key of ['a', 'm2', 'z']) expect(text(await store.get(key))).toBe(key);
    await store.close();
  });

  it('sees a deleted key before its end and not after, and a key put again', async () => {
    const store = await open('memory:', options);
    await store.put('k', '1', { timestamp: 10 });
    await store.del('k', { timestamp: 20 });
    await store.put('k', '2', { timestamp: 30 });
    await store.write([{ type: 'deleteRange', start: 'a', end: 'z' }], { timestamp: 40 });
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      const found = [9, 10, 19, 20, 29, 30, 39, 40].map((asOf) => store.get('k', { asOf }));
      expect((await Promise.all(found)).map(text)).toEqual([
        undefined,
        '1',
        '1',
        undefined,
        undefined,
        '2',
        '2',
        undefined,
      ]);
    }
    await store.close();
  });

  it('opens no file of history to read the newest state', async () => {
    const store = await storeWith(20, { cacheBytes: 0, tableBytes: 0 });
    const { objects } = await store.stats();
    await store.get('k');
    const after = (await store.stats()).objects;
    expect(after.gets - objects.gets).toBeLessThanOrEqual(6); // two for each of at most three runs
    await store.close();
  });
});

describe('history', () => {
  it('lists versions newest first, `from` inclusive, `to` exclusive, with the one alive at `from`', async () => {
    const store = await storeWith(10);
    const all = await versionsOf(store.history('k'));
    expect(all).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((index) => `${index * SECOND}:${index}`));
    const some = await versionsOf(store.history('k', { from: 3 * SECOND, to: 6 * SECOND }));
    expect(some).toEqual([5, 4, 3].map((index) => `${index * SECOND}:${index}`));
    const between = await versionsOf(store.history('k', { from: 3 * SECOND + 1, to: 5 * SECOND + 1 }));
    expect(between).toEqual([5, 4, 3].map((index) => `${index * SECOND}:${index}`));
    expect(await versionsOf(store.history('absent'))).toEqual([]);
    expect(await versionsOf(store.history('k', { from: 5, to: 5 }))).toEqual([]);
    await store.close();
  });

  it('history from a time above the last commit of the shard still begins with the version alive there', async () => {
    const store = await storeWith(4, { shards: ['a'] });
    await store.put('A', 'elsewhere', { timestamp: 100 * SECOND });
    expect(await versionsOf(store.history('k', { from: 50 * SECOND }))).toEqual([`${4 * SECOND}:4`]);
    await store.del('k', { timestamp: 101 * SECOND });
    expect(await versionsOf(store.history('k', { from: 200 * SECOND }))).toEqual([]);
    await store.close();
  });

  it('lists a delete of a value, once, and never one of an absent key', async () => {
    const store = await open('memory:', options);
    await store.del('k', { timestamp: 5 });
    await store.put('k', '1', { timestamp: 10 });
    await store.del('k', { timestamp: 20 });
    await store.del('k', { timestamp: 21 });
    await store.write([{ type: 'deleteRange', start: 'a', end: 'z' }], { timestamp: 22 });
    await store.put('k', '2', { timestamp: 30 });
    await store.write([{ type: 'deleteRange', start: 'a', end: 'z' }], { timestamp: 40 });
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      expect(await versionsOf(store.history('k'))).toEqual(['40:del', '30:2', '20:del', '10:1']);
      expect(await versionsOf(store.history('k', { from: 20, to: 30 }))).toEqual(['20:del']);
      expect(await versionsOf(store.history('k', { from: 25 }))).toEqual(['40:del', '30:2']);
    }
    await store.close();
  });

  it('resolves merges as they were at each moment', async () => {
    const store = await open('memory:', { ...options, families: { default: { merge: 'append' } } });
    await store.put('k', 'a', { timestamp: 10 });
    await store.family('default').merge('k', 'b', { timestamp: 20 });
    await store.family('default').merge('k', 'c', { timestamp: 30 });
    await store.del('k', { timestamp: 40 });
    await store.family('default').merge('k', 'd', { timestamp: 50 });
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      expect(await versionsOf(store.history('k'))).toEqual(['50:d', '40:del', '30:abc', '20:ab', '10:a']);
      expect(text(await store.get('k', { asOf: 29 }))).toBe('ab');
    }
    await store.close();
  });

  it('throws below the horizon and begins there by default', async () => {
    const store = await storeWith(6);
    await store.truncateHistory(3 * SECOND + 5);
    expect(await codeOf(() => store.history('k', { from: 3 * SECOND }))).toBe('CLORTHO_HISTORY_TRUNCATED');
    expect(await versionsOf(store.history('k'))).toEqual(
      [6, 5, 4, 3].map((index) => `${index * SECOND}:${index}`),
    );
    await store.close();
  });
});
