import { describe, expect, it } from 'vitest';
import { blockCache } from '../src/index.ts';

interface Gate {
  readonly load: () => Promise<string>;
  readonly calls: () => number;
  readonly finish: (value: string) => void;
  readonly fail: (error: unknown) => void;
}

function gate(): Gate {
  let calls = 0;
  let finish: (value: string) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const load = (): Promise<string> => {
    calls += 1;
    return new Promise((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
  };
  return { load, calls: () => calls, finish: (value) => finish(value), fail: (error) => fail(error) };
}

const cacheOf = (bytesMax: number) => blockCache<string>({ bytesMax, weigh: (text) => text.length });

describe('loads', () => {
  it('are shared by concurrent callers and cached', async () => {
    const cache = cacheOf(100);
    const { load, calls, finish } = gate();
    const waiting = [cache.load(1, load), cache.load(1, load), cache.load(1, load)];
    finish('block');
    expect(await Promise.all(waiting)).toEqual(['block', 'block', 'block']);
    expect(calls()).toBe(1);
    expect(cache.get(1)).toBe('block');
    expect(await cache.load(1, load)).toBe('block');
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 0, loads: 1, inserted: 1, bytes: 5, entries: 1 });
  });

  it('of different keys do not share', async () => {
    const cache = cacheOf(100);
    const values = await Promise.all([cache.load(1, async () => 'a'), cache.load(2, async () => 'b')]);
    expect(values).toEqual(['a', 'b']);
    expect(cache.stats().loads).toBe(2);
  });

  it('that fail reject every waiter and are tried again', async () => {
    const cache = cacheOf(100);
    const { load, fail } = gate();
    const first = cache.load(1, load);
    const second = cache.load(1, load);
    fail(new Error('unreachable'));
    await expect(first).rejects.toThrow('unreachable');
    await expect(second).rejects.toThrow('unreachable');
    expect(await cache.load(1, async () => 'block')).toBe('block');
    expect(cache.stats().loads).toBe(2);
  });

  it('turn a loader that throws at once into a rejection', async () => {
    const cache = cacheOf(100);
    const thrown = cache.load(1, () => {
      throw new Error('at once');
    });
    await expect(thrown).rejects.toThrow('at once');
    expect(await cache.load(1, async () => 'block')).toBe('block');
  });

  const removals: readonly [string, (cache: ReturnType<typeof cacheOf>) => void][] = [
    ['delete', (cache) => cache.delete(7)],
    ['deleteRange', (cache) => cache.deleteRange(7, 8)],
    ['clear', (cache) => cache.clear()],
  ];
  for (const [name, remove] of removals) {
    it(`that end after ${name} are returned and not cached`, async () => {
      const cache = cacheOf(100);
      const { load, finish } = gate();
      const waiting = cache.load(7, load);
      remove(cache);
      finish('stale');
      expect(await waiting).toBe('stale');
      expect(cache.get(7)).toBeUndefined();
    });
  }

  it('begun after a delete are not disturbed by the end of the one before', async () => {
    const cache = cacheOf(100);
    const stale = gate();
    const fresh = gate();
    const first = cache.load(7, stale.load);
    cache.delete(7);
    const second = cache.load(7, fresh.load);
    stale.finish('stale');
    expect(await first).toBe('stale');
    const joined = cache.load(7, stale.load);
    fresh.finish('fresh');
    expect(await Promise.all([second, joined])).toEqual(['fresh', 'fresh']);
    expect(cache.get(7)).toBe('fresh');
  });

  it('do not replace what was set meanwhile', async () => {
    const cache = cacheOf(100);
    const { load, finish } = gate();
    const waiting = cache.load(7, load);
    cache.set(7, 'set');
    finish('loaded');
    expect(await waiting).toBe('loaded');
    expect(cache.get(7)).toBe('set');
  });

  it('outside a deleted range stay', async () => {
    const cache = cacheOf(100);
    const { load, finish } = gate();
    const waiting = cache.load(8, load);
    cache.deleteRange(0, 8);
    finish('block');
    await waiting;
    expect(cache.get(8)).toBe('block');
  });
});

describe('budgets', () => {
  it('of zero cache nothing and still share loads', async () => {
    const cache = cacheOf(0);
    const { load, calls, finish } = gate();
    const waiting = [cache.load(1, load), cache.load(1, load)];
    finish('block');
    expect(await Promise.all(waiting)).toEqual(['block', 'block']);
    expect(calls()).toBe(1);
    cache.set(2, 'x');
    expect(cache.get(1)).toBeUndefined();
    expect(cache.get(2)).toBeUndefined();
    expect(cache.stats()).toMatchObject({ bytes: 0, entries: 0, inserted: 0 });
  });

  it('refuse a value above them and keep the rest', async () => {
    const cache = cacheOf(4);
    cache.set(1, 'ab');
    expect(await cache.load(2, async () => 'abcde')).toBe('abcde');
    expect(cache.get(2)).toBeUndefined();
    expect(cache.get(1)).toBe('ab');
    cache.set(1, 'abcde');
    expect(cache.get(1)).toBeUndefined();
  });

  it('weights and keys must be integers', () => {
    expect(() => cacheOf(-1)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    expect(() => cacheOf(Number.NaN)).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    expect(() => blockCache({ bytesMax: 1, weigh: () => 1, ghostEntriesMax: 0.5 })).toThrow(
      expect.objectContaining({ code: 'CLORTHO_INVALID' }),
    );
    expect(() => cacheOf(10).set(0.5, 'a')).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
    expect(() => cacheOf(10).set(1, '')).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
  });

  it('reject the load of a value whose weight is wrong, and forget it', async () => {
    const cache = cacheOf(10);
    await expect(cache.load(1, async () => '')).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    expect(await cache.load(1, async () => 'a')).toBe('a');
  });
});
