/** Promises about ranges of a blob. */
import assert from 'node:assert/strict';
import { type Check, pattern, rejects } from './fixture.ts';

/** Registers the promises. */
export function ranges(check: Check): void {
  check('returns ranges, short only at the end', async (store) => {
    const bytes = pattern(1000, 5);
    await store.put('r', bytes);
    const cases = [
      { offset: 0, length: 10 },
      { offset: 990, length: 100 },
      { offset: 999, length: 1 },
      { offset: 500 },
      { length: 7 },
      { offset: 10, length: 0 },
      { offset: 1000 },
      { offset: 1000, length: 5 },
      { offset: 0, length: 5000 },
    ];
    for (const range of cases) {
      const start = range.offset ?? 0;
      const end = range.length === undefined ? undefined : start + range.length;
      assert.deepEqual(await store.get('r', range), bytes.slice(start, end), JSON.stringify(range));
    }
    await rejects(store.get('r', { offset: 1001 }), 'CLORTHO_INVALID');
    await rejects(store.get('r', { offset: 1001, length: 0 }), 'CLORTHO_INVALID');
    await rejects(store.get('absent', { offset: 0, length: 5 }), 'CLORTHO_NOT_FOUND');
    await rejects(store.get('absent', { length: 0 }), 'CLORTHO_NOT_FOUND');
  });

  check('returns ranges of an empty blob', async (store) => {
    await store.put('empty', pattern(0, 0));
    for (const range of [{}, { offset: 0 }, { offset: 0, length: 10 }, { length: 0 }]) {
      assert.deepEqual(await store.get('empty', range), new Uint8Array(0));
    }
    await rejects(store.get('empty', { offset: 1 }), 'CLORTHO_INVALID');
  });
}
