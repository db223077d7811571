/** Retention: how far back a family can be read, and what goes. */

import { decodeRecord, encodeRecord } from '@clortho/manifest';
import { memoryObjectStore } from '@clortho/object-store';
import { memoryRegisterStore } from '@clortho/registers';
import { describe, expect, it } from 'vitest';
import { type FamilyOptions, type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { newBackends } from './support/backends.ts';

const SECOND = 1_000_000;
const tuning = {
  threads: 0,
  blockBytes: 64,
  fileBytes: 300,
  deltaRuns: 2,
  runsMax: 2,
  historyBucketMs: 1000,
};
const external: OpenOptions = { time: 'external', compaction: 'manual', tuning };

/** Writes one version per second, of the value that is the second. */
async function tick(store: Store, from: number, to: number): Promise<void> {
  for (let second = from; second <= to; second += 1) {
    const timestamp = second * SECOND;
    await store.put('k', `${second}`, { timestamp, family: 'f' });
    if (second % 5 === 0) await store.del('gone', { timestamp: timestamp + 1, family: 'f' });
    else await store.put('gone', `${second}`, { timestamp: timestamp + 1, family: 'f' });
  }
}

async function openWith(retention: FamilyOptions['retention'], options: OpenOptions = {}): Promise<Store> {
  return open('memory:', { ...external, ...options, families: { f: { retention } } });
}

async function horizonOf(store: Store): Promise<number | undefined> {
  return (await store.stats()).shards[0]?.families[1]?.horizon;
}

describe('history', () => {
  it('is kept for a duration before the last commit, to the microsecond after compact()', async () => {
    const store = await openWith({ keepMs: 10_000 });
    await tick(store, 1, 40);
    await store.compact();
    const horizon = 30 * SECOND + 1;
    expect(await horizonOf(store)).toBe(horizon);
    expect(await codeOf(() => store.get('k', { asOf: horizon - 1, family: 'f' }))).toBe(
      'CLORTHO_HISTORY_TRUNCATED',
    );
    expect(text(await store.get('k', { asOf: horizon, family: 'f' }))).toBe('30');
    expect(await rowsOf(store.scan({ asOf: horizon, family: 'f' }))).toEqual(['k=30']);
    expect(await rowsOf(store.scan({ asOf: 31 * SECOND + 1, family: 'f' }))).toEqual(['gone=31', 'k=31']);
    expect(await versionsOf(store.history('k', { family: 'f', from: 39 * SECOND }))).toEqual([
      `${40 * SECOND}:40`,
      `${39 * SECOND}:39`,
    ]);
    // One row for each of the ten seconds that are kept, and what was alive at their beginning.
    const { totals } = await store.stats();
    expect(totals.history.rows).toBeLessThan(2 * 10 + 4);
    await store.close();
  });

  it('follows in the background, in steps, and goes by whole files', async () => {
    const backends = newBackends();
    const store = await openWith({ keepMs: 8000 }, { ...backends, compaction: 'auto' });
    const horizons = new Set<number>();
    for (let second = 1; second <= 60; second += 1) {
      await tick(store, second, second);
      horizons.add((await horizonOf(store)) ?? 0);
    }
    const last = Math.max(...horizons);
    expect(last).toBeGreaterThan(45 * SECOND);
    expect(last).toBeLessThanOrEqual(52 * SECOND + 1);
    expect(text(await store.get('k', { asOf: 55 * SECOND, family: 'f' }))).toBe('55');
    await store.compact();
    expect((await store.stats()).compaction.drops).toBeGreaterThan(3);
    expect((await store.stats()).totals.history.rows).toBeLessThan(30);
    expect((await store.stats()).compaction.failures).toBe(0);
    await store.close();
  });

  it('is kept from a time on, and all of it until that has come', async () => {
    const store = await openWith({ since: 20 * SECOND });
    await tick(store, 1, 19);
    await store.compact();
    expect(await horizonOf(store)).toBe(0);
    await tick(store, 20, 30);
    await store.compact();
    expect(await horizonOf(store)).toBe(20 * SECOND);
    await tick(store, 31, 50);
    await store.compact();
    expect(await horizonOf(store)).toBe(20 * SECOND);
    expect(text(await store.get('k', { asOf: 20 * SECOND, family: 'f' }))).toBe('20');
    await store.close();
  });

  it('is kept where either of both limits keeps it, and without one for ever', async () => {
    const both = await openWith({ keepMs: 10_000, since: 35 * SECOND });
    const none = await openWith({});
    for (const store of [both, none]) {
      await tick(store, 1, 40);
      await store.compact();
    }
    expect(await horizonOf(both)).toBe(30 * SECOND + 1);
    await tick(both, 41, 60);
    await both.compact();
    expect(await horizonOf(both)).toBe(35 * SECOND);
    expect(await horizonOf(none)).toBe(0);
    await both.close();
    await none.close();
  });

  it('stays for a snapshot that sees it', async () => {
    const store = await openWith({ keepMs: 3000 });
    await tick(store, 1, 10);
    const snapshot = await store.snapshot();
    await tick(store, 11, 40);
    await store.compact();
    expect(await horizonOf(store)).toBe(37 * SECOND + 1);
    expect(text(await snapshot.get('k', { family: 'f' }))).toBe('10');
    await store.gc();
    await store.gc();
    expect(text(await snapshot.get('k', { family: 'f' }))).toBe('10');
    await snapshot.close();
    await store.close();
  });

  it('of a place that is at rest stays, and truncation may go further', async () => {
    const store = await openWith({ keepMs: 10_000 });
    await tick(store, 1, 40);
    await store.truncateHistory(35 * SECOND);
    await store.compact();
    expect(await horizonOf(store)).toBe(35 * SECOND);
    await store.close();
  });
});

describe('the newest versions of a key', () => {
  it('are listed however old they are, and nothing else of the past is kept', async () => {
    const backends = newBackends();
    const store = await openWith({ versions: 3 }, backends);
    await tick(store, 1, 40);
    await store.put('still', 'here', { timestamp: 41 * SECOND, family: 'f' });
    await store.compact();
    expect(await horizonOf(store)).toBe(41 * SECOND);
    const newest = [`${40 * SECOND}:40`, `${39 * SECOND}:39`, `${38 * SECOND}:38`];
    expect(await versionsOf(store.history('k', { family: 'f' }))).toEqual(newest);
    // Deleted at the end: three values that it had are listed, when it was deleted is forgotten.
    expect(await versionsOf(store.history('gone', { family: 'f' }))).toEqual([
      `${39 * SECOND + 1}:39`,
      `${38 * SECOND + 1}:38`,
      `${37 * SECOND + 1}:37`,
    ]);
    expect(await versionsOf(store.history('k', { family: 'f', to: 40 * SECOND }))).toEqual(newest.slice(1));
    expect(await codeOf(() => store.get('k', { asOf: 40 * SECOND, family: 'f' }))).toBe(
      'CLORTHO_HISTORY_TRUNCATED',
    );
    expect(await codeOf(() => store.history('k', { from: 40 * SECOND, family: 'f' }))).toBe(
      'CLORTHO_HISTORY_TRUNCATED',
    );
    const { totals } = await store.stats();
    expect(totals.history.rows).toBeLessThanOrEqual(2 * 3);
    await store.close();
    const again = await openWith({ versions: 3 }, backends);
    expect(await versionsOf(again.history('k', { family: 'f' }))).toEqual(newest);
    expect(await codeOf(() => openWith({ versions: 2 }, backends))).toBe('CLORTHO_INVALID');
    await again.close();
  });

  it('stay beside what is kept for a duration, when history is truncated, and when merges go on', async () => {
    const store = await openWith({ versions: 4, keepMs: 2000 });
    await tick(store, 1, 20);
    await store.truncateHistory(19 * SECOND);
    for (let second = 21; second <= 60; second += 1) {
      const timestamp = second * SECOND;
      await store.put(`other ${second % 3}`, `${second}`, { timestamp, family: 'f' });
      if (second % 7 === 0) await store.compact();
    }
    await store.compact();
    const newest = [20, 19, 18, 17].map((second) => `${second * SECOND}:${second}`);
    expect(await versionsOf(store.history('k', { family: 'f' }))).toEqual(newest);
    expect(await versionsOf(store.history('other 0', { family: 'f' }))).toEqual(
      [60, 57, 54, 51].map((second) => `${second * SECOND}:${second}`),
    );
    expect((await store.stats()).totals.history.rows).toBeLessThanOrEqual(5 * 4 + 2);
    expect((await store.verify()).findings).toEqual([]);
    await store.close();
  });
});

describe('the retention of a family', () => {
  it('is remembered, and not contradicted', async () => {
    const backends = newBackends();
    const store = await openWith({ keepMs: 10_000 }, backends);
    await store.close();
    const again = await open('memory:', { ...external, ...backends });
    await tick(again, 1, 40);
    await again.compact();
    expect(await horizonOf(again)).toBe(30 * SECOND + 1);
    await again.close();
    expect(await codeOf(() => openWith({ keepMs: 5000 }, backends))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => openWith({ keepMs: 10_000, since: 5 }, backends))).toBe('CLORTHO_INVALID');
  });

  it.each([
    [{ retention: { keepMs: -1 } }],
    [{ retention: { keepMs: 0.5 } }],
    [{ retention: { since: -1 } }],
    [{ kind: 'log', retention: { keepMs: 1 } }],
    [{ kind: 'log', retention: { versions: 1 } }],
    [{ ttlMs: 1, retention: { versions: 1 } }],
    [{ retention: { versions: 1.5 } }],
  ] as const)('is refused where it makes no sense: %o', async (f) => {
    expect(await codeOf(() => open('memory:', { families: { f } }))).toBe('CLORTHO_INVALID');
  });

  it('is to keep everything in a store of version 1 of the record', async () => {
    const backends = { objects: memoryObjectStore(), registers: memoryRegisterStore() };
    await (await openWith({}, backends)).close();
    const kind = { magic: 'CLst', version: 3, name: 'store record' };
    const [register] = await backends.registers.read(['store']);
    if (register === undefined) throw new Error('there is a record');
    const [id, time, families] = decodeRecord(kind, register.value, '') as [string, string, unknown[][]];
    const older = [id, time, families.map((family) => family.slice(0, 10))];
    const value = encodeRecord({ ...kind, version: 1 }, older);
    await backends.registers.compareAndSwap([{ key: 'store', expect: register.version, value }]);
    const store = await open('memory:', { ...external, ...backends });
    await tick(store, 1, 20);
    await store.compact();
    expect(await horizonOf(store)).toBe(0);
    await store.createFamily('later', { retention: { keepMs: 1 } });
    await store.close();
    const again = await open('memory:', { ...external, ...backends });
    expect(text(await again.get('k', { family: 'f', asOf: 3 * SECOND }))).toBe('3');
    await again.close();
  });
});
