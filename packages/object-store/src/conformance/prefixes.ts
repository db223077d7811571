/** Promises about views of a part of a store: what lies outside is out of reach. */
import assert from 'node:assert/strict';
import { encodeUtf8 } from '@clortho/base';
import { withPrefix } from '../with-prefix.ts';
import { type Check, keysOf, pattern, rejects } from './fixture.ts';

/** What a program might try to leave its prefix. */
const ESCAPES = ['../b/k', '..', 'x/../../b/k', './k', '/b/k', '//b/k', 'x//k', ''];

/** Registers the promises. */
export function prefixes(check: Check): void {
  check('a view reads, lists and deletes only below its prefix', async (store) => {
    const keys = ['a', 'a/k', 'a/b/k', 'ab/k', 'a-/k', 'b/k', 'k'];
    for (const key of keys) await store.put(key, encodeUtf8(key));
    const view = withPrefix(store, 'a');
    assert.deepEqual(await keysOf(view, ''), ['b/k', 'k']);
    assert.deepEqual(await keysOf(view, '', { after: 'b/k' }), ['k']);
    assert.deepEqual(await view.get('k'), encodeUtf8('a/k'));
    assert.deepEqual(await view.head('b/k'), { key: 'b/k', bytes: 5 });
    await rejects(view.get('a/k'), 'CLORTHO_NOT_FOUND');
    await view.delete(['k', 'b/k', 'a', 'ab/k']);
    assert.deepEqual(await keysOf(store, ''), ['a', 'a-/k', 'ab/k', 'b/k', 'k']);
    await view.put('k', pattern(3, 3), { ifAbsent: true });
    assert.deepEqual(await store.get('a/k'), pattern(3, 3));
  });

  check('a view cannot be left by an odd key, prefix or position', async (store) => {
    await store.put('b/k', pattern(5, 1));
    await store.put('a/k', pattern(5, 2));
    const view = withPrefix(store, 'a');
    for (const key of ESCAPES) {
      await rejects(view.get(key), 'CLORTHO_INVALID');
      await rejects(view.head(key), 'CLORTHO_INVALID');
      await rejects(view.put(key, pattern(1, 1)), 'CLORTHO_INVALID');
      await rejects(view.delete([key]), 'CLORTHO_INVALID');
      if (key !== '') assert.deepEqual(await keysOf(view, key), []);
    }
    for (const after of ['', '../', '/', '../zzz']) {
      for (const key of await keysOf(view, '', { after })) assert.equal(key, 'k');
    }
    assert.deepEqual(await keysOf(store, ''), ['a/k', 'b/k']);
    assert.deepEqual(await store.get('b/k'), pattern(5, 1));
  });
}
