/** Promises about listings: order, prefixes, resumption, changes meanwhile. */
import assert from 'node:assert/strict';
import { encodeUtf8 } from '@clortho/base';
import type { ConformanceBackend } from '../conformance.ts';
import { byteOrder, type Check, isAbove, keysOf, pattern } from './fixture.ts';

/** Registers the promises. */
export function listings(check: Check, backend: ConformanceBackend): void {
  check('lists a prefix in byte order, after a key', async (store) => {
    const keys = ['a', 'a-', 'a/1', 'a/2', 'a/b/1', 'a/b/2', 'a/bc', 'a0', 'b', 'b/é', 'b/\uff5e', 'b/😀'];
    await Promise.all(keys.map((key) => store.put(key, encodeUtf8(key))));
    for (const prefix of ['', 'a', 'a/', 'a/b', 'a/b/', 'a/b/1', 'b/', 'b/é', 'c', 'a//', '/', '../']) {
      for (const after of ['', 'a', 'a/', 'a/2', 'a/b', 'a/b/1', 'a/b/9', 'b', 'b/\uff5e', 'zz']) {
        const wanted = byteOrder(keys).filter((key) => key.startsWith(prefix) && isAbove(key, after));
        assert.deepEqual(await keysOf(store, prefix, { after }), wanted, `prefix=${prefix} after=${after}`);
      }
    }
    for await (const entry of store.list('')) assert.equal(entry.bytes, encodeUtf8(entry.key).length);
  });

  const count = backend.listedMax ?? 1200;
  check(`lists and deletes ${count} blobs`, async (store) => {
    const keys = Array.from({ length: count }, (_, index) => `many/${String(index).padStart(6, '0')}`);
    await Promise.all(keys.map((key) => store.put(key, pattern(1, 1))));
    assert.deepEqual(await keysOf(store, 'many/'), keys);
    const after = keys[count - 3] as string;
    assert.deepEqual(await keysOf(store, 'many/', { after }), keys.slice(-2));
    await store.delete(keys);
    assert.deepEqual(await keysOf(store, ''), []);
  });

  check('lists what was put before, and survives deletes meanwhile', async (store) => {
    const keys = Array.from({ length: 100 }, (_, index) => `l/${String(index).padStart(3, '0')}`);
    await Promise.all(keys.map((key) => store.put(key, pattern(1, 1))));
    const seen: string[] = [];
    for await (const { key } of store.list('l/')) {
      if (seen.length === 0) await store.delete(keys.slice(50));
      seen.push(key);
    }
    assert.deepEqual(seen.slice(0, 50), keys.slice(0, 50));
    assert.deepEqual(seen, byteOrder(seen));
  });
}
