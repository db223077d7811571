/** Promises about calls that must fail: bad arguments, aborted signals, closed stores. */
import assert from 'node:assert/strict';
import { isClorthoError } from '@clortho/base';
import { type Check, keysOf, pattern, rejects } from './fixture.ts';

const BAD_KEYS = ['', '/', 'a/', '/a', 'a//b', '.', '..', 'a/../b', './a', 'a/.', '\ud800', 'k'.repeat(1025)];

/** Registers the promises. */
export function refusals(check: Check): void {
  check('refuses what is no key', async (store) => {
    for (const key of BAD_KEYS) {
      await rejects(store.put(key, pattern(1, 1)), 'CLORTHO_INVALID');
      await rejects(store.get(key), 'CLORTHO_INVALID');
      await rejects(store.head(key), 'CLORTHO_INVALID');
      await rejects(store.delete(['fine', key]), 'CLORTHO_INVALID');
    }
    await rejects(keysOf(store, '\udc00'), 'CLORTHO_INVALID');
    assert.deepEqual(await keysOf(store, ''), []);
  });

  check('refuses what is no range', async (store) => {
    await store.put('k', pattern(10, 1));
    for (const range of [{ offset: -1 }, { offset: 1.5 }, { length: -1 }, { length: Number.NaN }]) {
      await rejects(store.get('k', range), 'CLORTHO_INVALID');
    }
  });

  check('stops at an aborted signal', async (store) => {
    const signal = AbortSignal.abort(new Error('enough'));
    await rejects(store.put('k', pattern(1, 1), { signal }), 'CLORTHO_ABORTED');
    await rejects(store.get('k', { signal }), 'CLORTHO_ABORTED');
    await rejects(store.head('k', { signal }), 'CLORTHO_ABORTED');
    await rejects(store.delete(['k'], { signal }), 'CLORTHO_ABORTED');
    await rejects(keysOf(store, '', { signal }), 'CLORTHO_ABORTED');
    assert.equal(await store.head('k'), undefined);
  });

  check('stops a call that its signal aborts under way', async (store) => {
    const keys = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, '0')}`);
    await Promise.all(keys.map((key) => store.put(key, pattern(100, 1))));
    const abort = new AbortController();
    const { signal } = abort;
    const listed: string[] = [];
    const listing = (async () => {
      for await (const { key } of store.list('', { signal })) {
        listed.push(key);
        if (listed.length === 3) abort.abort();
      }
    })();
    await rejects(listing, 'CLORTHO_ABORTED');
    assert.deepEqual(listed, keys.slice(0, 3));
    // Aborted at once, a call ends as aborted, or it was quicker; what it wrote is whole either way.
    const late = new AbortController();
    const calls = [
      store.put('late', pattern(50_000, 2), { signal: late.signal }),
      store.get('k00', { signal: late.signal }),
      store.head('k00', { signal: late.signal }),
    ];
    late.abort();
    for (const outcome of await Promise.allSettled<unknown>(calls)) {
      if (outcome.status === 'rejected') assert.ok(isClorthoError(outcome.reason, 'CLORTHO_ABORTED'));
    }
    const written = await store.head('late');
    if (written !== undefined) assert.deepEqual(await store.get('late'), pattern(50_000, 2));
  });

  check('refuses calls after it was closed', async (store) => {
    await store.put('k', pattern(1, 1));
    await store.close();
    await store.close();
    await rejects(store.put('k', pattern(1, 1)), 'CLORTHO_CLOSED');
    await rejects(store.get('k'), 'CLORTHO_CLOSED');
    await rejects(store.head('k'), 'CLORTHO_CLOSED');
    await rejects(store.delete(['k']), 'CLORTHO_CLOSED');
    await rejects(keysOf(store, ''), 'CLORTHO_CLOSED');
  });
}
