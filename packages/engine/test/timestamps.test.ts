/** Families that forget timestamps: what is below the horizon becomes one time, and no answer above it changes. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { newBackends } from './support/backends.ts';

const external: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  families: { f: { forgetTimestamps: true } },
  tuning: { threads: 0, blockBytes: 64, historyBucketMs: 1 },
};

async function timestampsOf(store: Store): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for await (const { key, timestamp } of store.scan({ family: 'f' })) found[text(key) as string] = timestamp;
  return found;
}

async function fill(store: Store): Promise<void> {
  for (const [index, key] of ['a', 'b', 'c', 'a', 'd'].entries())
    await store.put(key, `${index}`, { timestamp: 10 * (index + 1), family: 'f' });
}

describe('forgetting timestamps', () => {
  it('makes one of all up to the horizon, and leaves those above it', async () => {
    const store = await open('memory:', external);
    await fill(store);
    await store.compact();
    expect(await timestampsOf(store)).toEqual({ a: 40, b: 20, c: 30, d: 50 });
    await store.truncateHistory(35);
    await store.put('b', 'new', { timestamp: 60, family: 'f' });
    await store.put('e', 'new', { timestamp: 70, family: 'f' });
    await store.compact();
    expect(await timestampsOf(store)).toEqual({ a: 40, b: 60, c: 35, d: 50, e: 70 });
    expect(await rowsOf(store.scan({ asOf: 35, family: 'f' }))).toEqual(['a=0', 'b=1', 'c=2']);
    expect((await store.verify()).findings).toEqual([]);
    await store.close();
  });

  it('waits for snapshots that are older', async () => {
    const store = await open('memory:', external);
    await store.put('a', 'old', { timestamp: 10, family: 'f' });
    const snapshot = await store.snapshot();
    await store.put('b', 'new', { timestamp: 20, family: 'f' });
    await store.put('c', 'new', { timestamp: 30, family: 'f' });
    await store.truncateHistory(25);
    await store.compact();
    expect(await timestampsOf(store)).toEqual({ a: 10, b: 20, c: 30 });
    expect(await rowsOf(snapshot.scan({ family: 'f' }))).toEqual(['a=old']);
    await snapshot.close();
    await store.put('c', 'newer', { timestamp: 40, family: 'f' });
    await store.compact();
    expect((await timestampsOf(store)).a).toBeLessThanOrEqual(25);
    await store.close();
  });

  it('never makes a changed row look unchanged to a condition', async () => {
    const store = await open('memory:', external);
    await fill(store);
    await store.truncateHistory(50);
    await store.compact();
    const seen = (await timestampsOf(store)).b as number;
    expect(seen).toBe(50);
    await store.put('b', 'changed', { timestamp: 60, family: 'f' });
    await store.put('z', 'last', { timestamp: 70, family: 'f' });
    await store.truncateHistory(70);
    await store.compact();
    const conditional = { timestamp: 80, family: 'f', ifVersion: seen };
    expect(await codeOf(() => store.put('b', 'lost update', conditional))).toBe('CLORTHO_CONFLICT');
    const now = (await timestampsOf(store)).b as number;
    await store.put('b', 'right', { ...conditional, ifVersion: now });
    await store.close();
  });

  it('makes files smaller', async () => {
    const sizes: number[] = [];
    for (const forgetTimestamps of [false, true]) {
      const store = await open('memory:', { ...external, families: { f: { forgetTimestamps } }, tuning: {} });
      for (let timestamp = 1; timestamp <= 40; timestamp += 1) {
        const operations = Array.from({ length: 50 }, (_, index) => ({
          type: 'put' as const,
          family: 'f',
          key: `key ${(index * 40 + ((timestamp * 7919) % 40)).toString().padStart(5, '0')}`,
          value: 'x',
        }));
        await store.write(operations, { timestamp: timestamp * 1_000_003 });
      }
      await store.truncateHistory(40 * 1_000_003);
      await store.compact();
      sizes.push((await store.stats()).totals.current.bytes);
      await store.close();
    }
    expect(sizes[1]).toBeLessThan(sizes[0] as number);
  });

  it('is remembered, and excludes what counts from timestamps', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...external, ...backends });
    await store.close();
    const contrary = { f: { forgetTimestamps: false } };
    expect(await codeOf(() => open('memory:', { ...external, ...backends, families: contrary }))).toBe(
      'CLORTHO_INVALID',
    );
    for (const f of [{ ttlMs: 5 }, { kind: 'log' as const }]) {
      const families = { f: { forgetTimestamps: true, ...f } };
      expect(await codeOf(() => open('memory:', { families }))).toBe('CLORTHO_INVALID');
    }
  });
});
