import { expect, test } from 'vitest';
import { fileObjectStore, memoryObjectStore, withPrefix } from '../src/index.ts';
import { bytesOf, failure, keysOf } from './fixture.ts';

test('stores of one name share blobs, also after closing; stores without a name share nothing', async () => {
  const first = memoryObjectStore({ name: 'shared-by-name' });
  await first.put('k', bytesOf('v'));
  await first.close();
  expect(await keysOf(memoryObjectStore({ name: 'shared-by-name' }))).toEqual(['k']);
  expect(await keysOf(memoryObjectStore({ name: 'another' }))).toEqual([]);
  await memoryObjectStore().put('k', bytesOf('v'));
  expect(await keysOf(memoryObjectStore())).toEqual([]);
});

test('sleep surrounds the effect of a call', async () => {
  const seen: number[] = [];
  const store = memoryObjectStore({
    sleep: async () => {
      seen.push(store.counters.puts);
    },
  });
  await store.put('k', bytesOf('v'));
  expect(seen).toEqual([0, 1]);
});

test('an abort during the latency before the effect prevents it', async () => {
  const abort = new AbortController();
  const store = memoryObjectStore({ sleep: async () => abort.abort() });
  await failure(store.put('k', bytesOf('v'), { signal: abort.signal }), 'CLORTHO_ABORTED');
  expect(store.counters.puts).toBe(0);
});

test('views of two prefixes of one store do not see each other', async () => {
  const whole = memoryObjectStore();
  const left = withPrefix(whole, 'a');
  const right = withPrefix(whole, 'ab/');
  await left.put('x', bytesOf('left'));
  await right.put('x', bytesOf('right'));
  expect(await keysOf(left)).toEqual(['x']);
  await left.delete(['x', 'b/x']);
  expect(await keysOf(whole)).toEqual(['ab/x']);
  expect(right.name).toBe('memory:/ab');
  await right.close();
  await failure(right.get('x'), 'CLORTHO_CLOSED');
  expect(await whole.get('ab/x')).toEqual(bytesOf('right'));
  expect(() => withPrefix(whole, '../x')).toThrow('a segment of the key');
});

test('a prefix leaves less room for keys', async () => {
  const view = withPrefix(memoryObjectStore(), 'p'.repeat(100));
  await view.put('k'.repeat(923), bytesOf('fits'));
  await failure(view.put('k'.repeat(924), bytesOf('too long')), 'CLORTHO_INVALID');
});

test('what is copied or written before a put resolves is not read afterwards, behind a prefix as well', async () => {
  const store = memoryObjectStore();
  expect(store.releasesBytes).toBe(true);
  expect(withPrefix(store, 'p').releasesBytes).toBe(true);
  expect(fileObjectStore('/nowhere').releasesBytes).toBe(true);
  const bytes = bytesOf('v');
  await store.put('k', bytes);
  bytes.fill(0);
  expect(await store.get('k')).toEqual(bytesOf('v'));
});
