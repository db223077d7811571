/** Point reads that are answered by what is known of rows read before: always what a lookup would find. */
import type { Edit, FileEntry, Tier } from '@clortho/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { keepsRuns } from '../src/read/known-rows.ts';
import { text } from './support/answers.ts';
import { newBackends } from './support/backends.ts';

const quiet: OpenOptions = {
  compaction: 'manual',
  time: 'external',
  refreshMs: 1e9,
  tuning: { threads: 0, blockBytes: 64 },
};

const hitsOf = async (store: Store): Promise<number> => (await store.stats()).rowCache.hits;

/** Returns how many of the reads of a key were answered by what was known. */
async function hitsWhile(store: Store, read: () => Promise<unknown>): Promise<number> {
  const before = await hitsOf(store);
  await read();
  return (await hitsOf(store)) - before;
}

describe('what is known of rows', () => {
  it('answers reads of any time at which the row is known to have been the truth', async () => {
    const store = await open('memory:', quiet);
    for (const timestamp of [10, 20]) await store.put('k', `at ${timestamp}`, { timestamp });
    await store.put('other', 'x', { timestamp: 30 });
    expect(text(await store.get('k'))).toBe('at 20');
    expect(text(await store.get('k', { asOf: 25 }))).toBe('at 20');
    expect(text(await store.get('k', { asOf: 19 }))).toBe('at 10');
    // What was read of the past has not taken the place of what is known of the present.
    expect(await hitsWhile(store, () => store.get('k'))).toBe(1);
    expect(text(store.peek('k') as Uint8Array)).toBe('at 20');
    const [first, second] = await store.getMany(['k', 'k']);
    expect(first?.fill(0)).not.toEqual(second); // Copies, each the caller's own.
    expect(text(await store.get('k'))).toBe('at 20');
    await store.close();
  });

  it('ends with a put, a delete, a range delete and an operand', async () => {
    const store = await open('memory:', { ...quiet, families: { merged: { merge: 'append' } } });
    const family = store.family('merged');
    await store.put('k', 'a', { timestamp: 1 });
    expect(text(await store.get('k'))).toBe('a');
    await store.put('k', 'b', { timestamp: 2 });
    expect(text(await store.get('k'))).toBe('b');
    await store.del('k', { timestamp: 3 });
    expect(await store.get('k')).toBeUndefined();
    await store.put('k', 'c', { timestamp: 4 });
    expect(text(await store.get('k'))).toBe('c');
    await store.write([{ type: 'deleteRange', start: 'j', end: 'l' }], { timestamp: 5 });
    expect(await store.get('k')).toBeUndefined();
    await family.put('k', 'a', { timestamp: 6 });
    expect(text(await family.get('k'))).toBe('a');
    await family.merge('k', 'b', { timestamp: 7 });
    expect(text(await family.get('k'))).toBe('ab');
    expect(text(await family.get('k'))).toBe('ab');
    await store.close();
  });

  it('does not outlive a delete that went into base and left nothing there', async () => {
    for (const keep of ['all', 'nothing']) {
      const store = await open('memory:', quiet);
      await store.put('k', 'a', { timestamp: 1 });
      expect(text(await store.get('k'))).toBe('a');
      await store.put('z', 'b', { timestamp: 2 });
      expect(text(await store.get('k'))).toBe('a');
      await store.del('k', { timestamp: 3 });
      if (keep === 'nothing') await store.truncateHistory(3);
      await store.compact();
      expect(await store.get('k')).toBeUndefined();
      if (keep === 'all') expect(text(await store.get('k', { asOf: 2 }))).toBe('a');
      await store.close();
    }
  });

  it('is carried on by commits, of others, too, that cannot have the key', async () => {
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends });
    await writer.put('k', 'a', { timestamp: 1 });
    await writer.compact();
    const reader = await open('memory:', { ...quiet, ...backends });
    expect(text(await reader.get('k'))).toBe('a');
    await writer.put('m', 'b', { timestamp: 2 });
    await reader.get('', { atLeast: 'latest' });
    expect(await hitsWhile(reader, () => reader.get('k'))).toBe(1);
    expect(text(await reader.get('k'))).toBe('a');
    await writer.put('k', 'c', { timestamp: 3 });
    await reader.get('', { atLeast: 'latest' });
    expect(text(await reader.get('k'))).toBe('c');
    await writer.del('k', { timestamp: 4 });
    await writer.compact();
    await reader.get('', { atLeast: 'latest' });
    expect(await reader.get('k')).toBeUndefined();
    await Promise.all([writer.close(), reader.close()]);
  });

  it('is nothing of families whose rows end by themselves, nor without a budget', async () => {
    const families: OpenOptions['families'] = { fleeting: { ttlMs: 1000 }, events: { kind: 'log' } };
    const store = await open('memory:', { ...quiet, families });
    for (const name of ['fleeting', 'events']) {
      const family = store.family(name);
      await family.put('k', 'a', { timestamp: name === 'events' ? 2 : 1 });
      expect(await hitsWhile(store, async () => [await family.get('k'), await family.get('k')])).toBe(0);
    }
    await store.close();
    const none = await open('memory:', { ...quiet, cacheBytes: 0 });
    await none.put('k', 'a', { timestamp: 1 });
    expect(await hitsWhile(none, async () => [await none.get('k'), await none.get('k')])).toBe(0);
    expect((await none.stats()).rowCache).toMatchObject({ bytes: 0, bytesMax: 0 });
    await none.close();
  });

  it('is what a lookup would find, whatever is written and merged, by whomever', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ type: fc.constant('put' as const), key }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('del' as const), key }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('merge' as const), key }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('deleteRange' as const), key }) },
      { weight: 1, arbitrary: fc.constant({ type: 'compact' as const, key: '' }) },
      { weight: 1, arbitrary: fc.constant({ type: 'truncate' as const, key: '' }) },
      { weight: 1, arbitrary: fc.constant({ type: 'settle' as const, key: '' }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.boolean(),
        fc.constantFrom(1, 400, 1e6),
        async (steps, isAuto, partBytes) => {
          const backends = newBackends();
          const options: OpenOptions = {
            ...quiet,
            ...backends,
            compaction: isAuto ? 'auto' : 'manual',
            tuning: { threads: 0, blockBytes: 64, fileBytes: 200, deltaRuns: 2, runsMax: 3, partBytes },
            families: { merged: { merge: 'append' } },
          };
          const writer = await open('memory:', options);
          const reader = await open('memory:', { ...quiet, ...backends });
          const plain = await open('memory:', { ...quiet, ...backends, cacheBytes: 0 });
          let now = 0;
          let horizon = 0;
          for (const [at, { type, key: chosen }] of steps.entries()) {
            const family = writer.family('merged');
            if (type === 'put') await family.put(chosen, `${at}`, { timestamp: ++now });
            else if (type === 'del') await family.del(chosen, { timestamp: ++now });
            else if (type === 'merge') await family.merge(chosen, `+${at}`, { timestamp: ++now });
            else if (type === 'deleteRange')
              await writer.write([{ type, start: chosen, end: 'd~', family: 'merged' }], {
                timestamp: ++now,
              });
            else if (type === 'compact') await writer.compact();
            else if (type === 'settle') await new Promise(setImmediate);
            else {
              horizon = Math.max(horizon, now - 3);
              await writer.truncateHistory(horizon);
            }
            for (const other of [reader, plain]) await other.get('', { atLeast: 'latest' });
            for (const name of ['a', 'b', 'c', 'd'])
              for (const asOf of [undefined, now, Math.max(horizon, now - 1), Math.max(horizon, now - 3)]) {
                const answerOf = async (store: Store): Promise<unknown> => ({
                  at,
                  name,
                  asOf,
                  value: text(await store.family('merged').get(name, { asOf })),
                });
                const expected = await answerOf(plain);
                expect(await answerOf(writer)).toEqual(expected);
                expect(await answerOf(reader)).toEqual(expected);
              }
          }
          await Promise.all([writer.close(), reader.close(), plain.close()]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an edit keeps what delta has', () => {
  const files = (names: string): FileEntry[] =>
    names.split(' ').flatMap((name) => {
      const [tier, id, family = '1'] = name.split(':');
      return name === '' ? [] : [{ tier: tier as Tier, id, family: Number(family) } as FileEntry];
    });
  const keeps = (added: string, removed: string): boolean => {
    const edit: Edit = { token: 't', timestamp: 0, added: files(added), removed: files(removed) };
    return keepsRuns(edit, 1);
  };

  it('if it adds runs, makes one of several, or is about something else', () => {
    expect(keeps('delta:a', '')).toBe(true);
    expect(keeps('delta:c', 'delta:a delta:b')).toBe(true);
    expect(keeps('', '')).toBe(true);
    expect(keeps('history:b', 'history:a')).toBe(true);
    expect(keeps('current:b:2', 'delta:a:2 current:a:2')).toBe(true);
  });

  it('not if runs go to base, whole or in part, even if nothing of them arrives there', () => {
    expect(keeps('current:c', 'delta:a current:b')).toBe(false);
    expect(keeps('current:a', 'delta:a')).toBe(false);
    expect(keeps('', 'delta:a')).toBe(false);
    expect(keeps('history:c', 'delta:a')).toBe(false);
    expect(keeps('delta:a', 'delta:a delta:b')).toBe(false);
    expect(keeps('current:b', '')).toBe(false);
  });
});
