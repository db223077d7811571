/** Promises about writers that meet: conditions and replacement. */
import assert from 'node:assert/strict';
import { isClorthoError } from '@clortho/base';
import { type Check, pattern, rejects } from './fixture.ts';

/** Registers the promises. */
export function conditions(check: Check): void {
  check('puts if absent, and only then', async (store) => {
    await store.put('once', pattern(5, 1), { ifAbsent: true });
    await rejects(store.put('once', pattern(5, 2), { ifAbsent: true }), 'CLORTHO_CONFLICT');
    await rejects(store.put('once', pattern(5, 1), { ifAbsent: true }), 'CLORTHO_CONFLICT');
    assert.deepEqual(await store.get('once'), pattern(5, 1));
    await store.delete(['once']);
    await store.put('once', pattern(5, 3), { ifAbsent: true });
    assert.deepEqual(await store.get('once'), pattern(5, 3));
  });

  check('lets exactly one of many concurrent writers win', async (store) => {
    for (let round = 0; round < 5; round += 1) {
      const key = `race/${round}`;
      const writers = Array.from({ length: 16 }, (_, writer) => pattern(200, writer));
      const outcomes = await Promise.allSettled(
        writers.map((bytes) => store.put(key, bytes, { ifAbsent: true })),
      );
      const winners = writers.filter((_, writer) => outcomes[writer]?.status === 'fulfilled');
      assert.equal(winners.length, 1);
      assert.deepEqual(await store.get(key), winners[0]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(isClorthoError(outcome.reason, 'CLORTHO_CONFLICT'));
      }
    }
  });

  check('never shows half a blob while it is replaced', async (store) => {
    const versions = [pattern(40_000, 1), pattern(30_000, 2)];
    await store.put('k', versions[0] as Uint8Array);
    const writing = (async () => {
      for (let round = 0; round < 20; round += 1) await store.put('k', versions[round % 2] as Uint8Array);
    })();
    for (let round = 0; round < 20; round += 1) {
      const seen = await store.get('k');
      assert.ok(versions.some((version) => Buffer.compare(version, seen) === 0));
    }
    await writing;
  });
}
