/** Point reads: freshness, residence, cold reads, tiny caches. */
import { describe, expect, it } from 'vitest';
import { NOT_RESIDENT, type OpenOptions, open } from '../src/index.ts';
import { codeOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { hookedObjects, newBackends, newGate } from './support/backends.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 64, fileBytes: 300 } };
const HOUR_MS = 3_600_000;

describe('freshness', () => {
  it('shows own commits at once and others by their token or on request', async () => {
    const options = { ...quiet, ...newBackends(), refreshMs: HOUR_MS, shards: 2 };
    const [left, right] = [await open('memory:', options), await open('memory:', options)];
    const { token } = await left.write([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: Uint8Array.of(0xf0), value: '1' },
    ]);
    expect(Object.keys(token)).toEqual(['0', '1']);
    expect(text(await left.get('a'))).toBe('1');
    expect(await right.get('a')).toBeUndefined();
    expect(text(await right.get('a', { atLeast: token }))).toBe('1');
    await left.put('a', '2');
    expect(text(await right.get('a', { atLeast: token }))).toBe('1');
    expect((await right.getMany(['a'], { atLeast: 'latest' })).map(text)).toEqual(['2']);
    const third = await left.put('a', '3');
    expect(await rowsOf(right.scan({ atLeast: third.token, limit: 1 }))).toEqual(['a=3']);
    const fourth = await left.put('a', '4');
    expect(
      await versionsOf(right.history('a', { atLeast: fourth.token, from: fourth.timestamp })),
    ).toHaveLength(1);
    await Promise.all([left.close(), right.close()]);
  });

  it('refuses a token of another store', async () => {
    const store = await open('memory:', quiet);
    for (const token of [{ 0: 1000 }, { 7: 1 }, { x: 1 }] as never[]) {
      expect(await codeOf(() => store.get('k', { atLeast: token }))).toBe('CLORTHO_INVALID');
    }
    await store.close();
  });

  it('keeps reading its own writes while others compact, collect garbage and fold checkpoints', async () => {
    const options = { ...quiet, ...newBackends() };
    const [left, right] = [
      await open('memory:', options),
      await open('memory:', { ...options, refreshMs: HOUR_MS }),
    ];
    await left.put('k0', '0');
    const early = await right.get('k0', { atLeast: 'latest' });
    for (let turn = 1; turn < 60; turn += 1) await left.put(`k${turn}`, String(turn));
    await left.compact();
    for (let pass = 0; pass < 3; pass += 1) await left.gc();
    expect(text(early)).toBe('0');
    expect(text(await right.get('k0'))).toBe('0');
    expect(await rowsOf(right.scan({ atLeast: 'latest' }))).toHaveLength(60);
    await Promise.all([left.close(), right.close()]);
  });
});

describe('getMany', () => {
  it('keeps order and duplicates', async () => {
    const store = await open('memory:', { ...quiet, shards: ['b'] });
    for (const key of ['a', 'b', 'c']) await store.put(key, key);
    expect((await store.getMany(['c', 'x', 'a', 'c', 'b'])).map(text)).toEqual([
      'c',
      undefined,
      'a',
      'c',
      'b',
    ]);
    expect(await store.getMany([])).toEqual([]);
    await store.close();
  });
});

describe('peek', () => {
  it('answers what is in memory and says when it cannot', async () => {
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends });
    await writer.put('k', 'v');
    expect(text(writer.peek('k') as Uint8Array)).toBe('v');
    expect(writer.peek('x')).toBeUndefined();
    const reader = await open('memory:', { ...quiet, ...backends });
    expect(reader.peek('k')).toBe(NOT_RESIDENT);
    await reader.get('k');
    expect(text(reader.peek('k') as Uint8Array)).toBe('v');
    const gets = backends.objects.counters.gets;
    reader.peek('k');
    expect(backends.objects.counters.gets).toBe(gets);
    await Promise.all([writer.close(), reader.close()]);
  });

  it('says the same as get wherever it answers', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    for (let index = 0; index < 50; index += 1) await store.put(`k${index % 25}`, `${index}`);
    await store.write([{ type: 'deleteRange', start: 'k1', end: 'k2' }]);
    await store.compact();
    await store.del('k3');
    for (let index = 0; index < 30; index += 1) {
      const found = await store.get(`k${index}`);
      expect(store.peek(`k${index}`)).toEqual(found);
    }
    await store.close();
  });
});

describe('a cold read', () => {
  it('of a point costs one request for the tail and one for the block; then none', async () => {
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends });
    for (let index = 0; index < 40; index += 1) await writer.put(`k${index}`, 'v'.repeat(100));
    await writer.compact();
    await writer.close();
    const reader = await open('memory:', { ...quiet, ...backends });
    const before = backends.objects.counters.gets;
    await reader.get('k7');
    expect(backends.objects.counters.gets - before).toBeLessThanOrEqual(2);
    const warm = backends.objects.counters.gets;
    await reader.get('k7');
    expect(backends.objects.counters.gets).toBe(warm);
    await reader.close();
  });

  it('works without any cache', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, cacheBytes: 0, tableBytes: 0 });
    for (let index = 0; index < 30; index += 1) await store.put(`k${index % 10}`, `${index}`);
    await store.compact();
    await store.put('k0', 'newest');
    expect(text(await store.get('k0'))).toBe('newest');
    expect(text(await store.get('k9'))).toBe('29');
    expect(await rowsOf(store.scan())).toHaveLength(10);
    expect(await rowsOf(store.scan({ reverse: true, limit: 1 }))).toEqual(['k9=29']);
    expect(store.peek('k0')).toBe(NOT_RESIDENT);
    expect(await versionsOf(store.history('k9'))).toHaveLength(3);
    const { blockCache, openFiles } = await store.stats();
    expect([blockCache.bytes, openFiles.bytes]).toEqual([0, 0]);
    await store.close();
  });

  it('that is aborted leaves a read beside it alone', async () => {
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends });
    await writer.put('k', 'v');
    await writer.close();
    const gate = newGate();
    const objects = hookedObjects(backends.objects, (call) => (call === 'get' ? gate.wait() : undefined));
    const reader = await open('memory:', { ...quiet, ...backends, objects });
    const controller = new AbortController();
    const aborted = codeOf(() => reader.get('k', { signal: controller.signal }));
    const other = reader.get('k');
    await gate.reached;
    controller.abort();
    gate.open();
    expect(text(await other)).toBe('v');
    expect(['none', 'CLORTHO_ABORTED']).toContain(await aborted);
    await reader.close();
  });

  it('is not begun when the signal has aborted', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends });
    await store.put('k', 'v');
    const signal = AbortSignal.abort();
    const calls: (() => unknown)[] = [
      () => store.get('k', { signal, atLeast: 'latest' }),
      () => store.getMany(['k'], { signal }),
      () => store.scan({ signal }),
      () => store.history('k', { signal }),
      () => store.snapshot({ signal }),
      () => store.put('k', 'w', { signal }),
      () => store.get('k', { signal }),
    ];
    for (const call of calls)
      expect([call.toString(), await codeOf(call)]).toEqual([call.toString(), 'CLORTHO_ABORTED']);
    expect(text(await store.get('k'))).toBe('v');
    await store.close();
  });
});
