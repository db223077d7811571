/** Promises about single blobs: bytes, copies, absence, deletion, odd keys, counters. */
import assert from 'node:assert/strict';
import { encodeUtf8 } from '@clortho/base';
import type { ConformanceBackend } from '../conformance.ts';
import { byteOrder, type Check, keysOf, pattern, rejects } from './fixture.ts';

const ODD_KEYS = [
  'a',
  'a-b',
  'a.b',
  'a/b',
  'a/b/c',
  'a0',
  'sp ace',
  ' lead',
  'trail ',
  'plus+plus',
  'per%cent',
  'enc%2Fslash',
  '%25',
  'amp&amp;',
  'q?x=1',
  'hash#1',
  'quo"te',
  "apo'stro",
  'back\\slash',
  '<tag>',
  '~t!$*()@,;:=',
  '.hidden',
  '..dots',
  '.tmp/x',
  'a.blob',
  'a.blob/b',
  'tab\tx',
  'é',
  'e\u0301',
  '日本語/ファイル',
  '\uff5e',
  '😀',
  'k'.repeat(255),
  `${'k'.repeat(300)}/x`,
  `${'k'.repeat(198)}.`,
  `${'k'.repeat(198)}../x`,
  'é'.repeat(300),
  'k'.repeat(900),
];

/** Registers the promises. */
export function blobs(check: Check, backend: ConformanceBackend): void {
  check('returns the bytes that were put', async (store) => {
    for (const size of [0, 1, 1000, 70_000]) {
      const bytes = pattern(size, size);
      await store.put(`sizes/${size}`, bytes);
      assert.deepEqual(await store.get(`sizes/${size}`), bytes);
      assert.deepEqual(await store.head(`sizes/${size}`), { key: `sizes/${size}`, bytes: size });
    }
  });

  check('stores and returns copies', async (store) => {
    const bytes = pattern(100, 1);
    const whole = pattern(300, 9);
    await store.put('own', bytes);
    await store.put('view', whole.subarray(100, 200));
    bytes.fill(0);
    (await store.get('own')).fill(0);
    assert.deepEqual(await store.get('own'), pattern(100, 1));
    assert.deepEqual(await store.get('view'), whole.slice(100, 200));
  });

  check('replaces a blob as a whole', async (store) => {
    await store.put('k', pattern(5000, 1));
    await store.put('k', pattern(10, 2));
    assert.deepEqual(await store.get('k'), pattern(10, 2));
  });

  check('reports absence', async (store) => {
    await rejects(store.get('absent'), 'CLORTHO_NOT_FOUND');
    assert.equal(await store.head('absent'), undefined);
    await store.put('a/b', pattern(1, 1));
    await rejects(store.get('a'), 'CLORTHO_NOT_FOUND');
    await rejects(store.get('a/b/c'), 'CLORTHO_NOT_FOUND');
    assert.equal(await store.head('a/b/c'), undefined);
  });

  check('deletes many keys, present or not', async (store) => {
    await store.delete([]);
    await store.delete(['never/was']);
    const keys = Array.from({ length: 50 }, (_, index) => `d/${index}`);
    await Promise.all(keys.map((key) => store.put(key, pattern(3, 3))));
    await store.put('stays', pattern(1, 1));
    await store.delete([...keys, 'd/0', 'absent/x']);
    assert.deepEqual(await keysOf(store, ''), ['stays']);
    await rejects(store.get('d/7'), 'CLORTHO_NOT_FOUND');
    await store.put('d/7', pattern(4, 4));
    assert.deepEqual(await store.get('d/7'), pattern(4, 4));
  });

  check('keeps odd keys apart', async (store) => {
    const sensitive = backend.caseSensitive ?? true;
    const keys = sensitive ? [...ODD_KEYS, 'CASE', 'case', 'Case/x'] : ODD_KEYS;
    await Promise.all(keys.map((key) => store.put(key, encodeUtf8(key))));
    for (const key of keys) assert.deepEqual(await store.get(key), encodeUtf8(key));
    assert.deepEqual(await keysOf(store, ''), byteOrder(keys));
    await store.delete(keys);
    assert.deepEqual(await keysOf(store, ''), []);
  });

  const bytesMax = backend.blobBytesMax ?? 20 * 1024 * 1024;
  check(`holds a blob of ${bytesMax} bytes`, async (store) => {
    const bytes = pattern(bytesMax, 7);
    await store.put('big', bytes, { ifAbsent: true });
    assert.equal(Buffer.compare(await store.get('big'), bytes), 0);
    const middle = await store.get('big', { offset: bytesMax - 10_000, length: 5000 });
    assert.deepEqual(middle, bytes.slice(bytesMax - 10_000, bytesMax - 5000));
    await rejects(store.put('big', bytes, { ifAbsent: true }), 'CLORTHO_CONFLICT');
  });

  check('counts calls and bytes', async (store) => {
    const before = { ...store.counters };
    await store.put('k', pattern(10, 1));
    await store.get('k', { length: 4 });
    await store.head('k');
    await keysOf(store, '');
    await store.delete(['k']);
    const { counters } = store;
    for (const name of ['puts', 'gets', 'lists', 'deletes'] as const) {
      assert.equal(counters[name] - before[name], 1, name);
    }
    assert.ok(counters.heads > before.heads);
    assert.equal(counters.bytesPut - before.bytesPut, 10);
    assert.equal(counters.bytesGot - before.bytesGot, 4);
  });
}
