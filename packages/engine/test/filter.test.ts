/** Row filters: reads and compaction agree on which rows are there, and until when. */
import { encodeUtf8 } from '@clortho/base';
import type { RowFilter } from '@clortho/compaction';
import { describe, expect, it } from 'vitest';
import { type FamilyOptions, type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, messageOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { type Backends, newBackends } from './support/backends.ts';

const reference = {
  module: new URL('support/short-lived.js', import.meta.url).href,
  export: 'shortLived',
  name: 'short-lived',
  version: 1,
};
const external: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  tuning: { threads: 0, blockBytes: 64, historyBucketMs: 1 },
};

function openWith(backends: Backends, f: FamilyOptions = {}, options: OpenOptions = {}): Promise<Store> {
  return open('memory:', {
    ...external,
    ...backends,
    ...options,
    families: { f: { filter: reference, ...f } },
  });
}

async function fill(store: Store): Promise<void> {
  const values = ['stays', 'for-5', 'never', 'old', 'never', 'old', 'for-5'];
  for (const [index, value] of values.entries()) {
    const key = index < 3 ? `${index}` : index < 5 ? 'a' : 'b';
    await store.put(key, value, { timestamp: 10 * (index + 1), family: 'f' });
  }
}

async function answersOf(store: Store): Promise<unknown> {
  const times = [10, 20, 24, 25, 30, 40, 50, 60, 70];
  return {
    scans: await Promise.all(times.map((asOf) => rowsOf(store.scan({ asOf, family: 'f' })))),
    gets: (await store.getMany(['0', '1', '2', 'a', 'b'], { family: 'f' })).map(text),
    histories: await Promise.all(
      ['0', '1', '2', 'a', 'b'].map((key) => versionsOf(store.history(key, { family: 'f' }))),
    ),
  };
}

describe('a row filter', () => {
  it('says until when a row is there, before and after compaction', async () => {
    const store = await openWith(newBackends());
    await fill(store);
    const answers = await answersOf(store);
    expect(answers).toEqual({
      scans: [
        ['0=stays'],
        ['0=stays', '1=for-5'],
        ['0=stays', '1=for-5'],
        ['0=stays'],
        ['0=stays'],
        ['0=stays', 'a=old'],
        ['0=stays'],
        ['0=stays', 'b=old'],
        ['0=stays', 'b=for-5'],
      ],
      gets: ['stays', undefined, undefined, undefined, 'for-5'],
      histories: [['10:stays'], ['20:for-5'], [], ['50:del', '40:old'], ['70:for-5', '60:old']],
    });
    await store.compact();
    expect(await answersOf(store)).toEqual(answers);
    expect(text(store.peek('0', { family: 'f' }) as Uint8Array)).toBe('stays');
    await store.put('0', 'now', { timestamp: 80, family: 'f' });
    expect(await rowsOf(store.scan({ family: 'f' }))).toEqual(['0=now']);
    expect((await store.verify()).findings).toEqual([]);
    await store.close();
  });

  it('frees the space of rows that no readable time needs', async () => {
    const store = await openWith(newBackends());
    await fill(store);
    await store.truncateHistory(60);
    await store.compact();
    const { totals } = await store.stats();
    // `stays`; of `b`, what was alive at the horizon and what follows it.
    expect([totals.current.rows, totals.history.rows]).toEqual([2, 1]);
    await store.close();
  });

  it('counts for conditions: what it took away is absent', async () => {
    const store = await openWith(newBackends());
    await fill(store);
    await store.put('2', 'fresh', { timestamp: 90, ifAbsent: true, family: 'f' });
    expect(text(await store.get('2', { family: 'f' }))).toBe('fresh');
    await store.close();
  });

  it('is loaded by worker threads', async () => {
    const store = await openWith(newBackends(), {}, { tuning: { ...external.tuning, threads: 1 } });
    await fill(store);
    const answers = await answersOf(store);
    expect((await store.compact()).jobs).toBeGreaterThan(0);
    expect(await answersOf(store)).toEqual(answers);
    await store.close();
  });

  it('is named at every open, or its rows cannot be read', async () => {
    const backends = newBackends();
    const store = await openWith(backends);
    await fill(store);
    await store.put('plain', 'x', { timestamp: 100 });
    await store.close();
    const without = await open('memory:', { ...external, ...backends });
    expect(text(await without.get('plain'))).toBe('x');
    expect(await messageOf(() => without.get('0', { family: 'f' }))).toMatch(
      /needs its row filter.*short-lived@1/,
    );
    expect(await codeOf(() => without.compact())).toBe('CLORTHO_INVALID');
    await without.close();
    const other: RowFilter = { name: 'short-lived', version: 2, keep: () => true };
    expect(await codeOf(() => openWith(backends, { filter: other }))).toBe('CLORTHO_INVALID');
    const again = await openWith(backends);
    expect(text(await again.get('0', { family: 'f' }))).toBe('stays');
    await again.close();
  });

  it.each([
    [{ kind: 'log' }],
    [{ merge: 'append' }],
    [{ forgetTimestamps: true }],
    [{ retention: { versions: 2 } }],
    [{ filter: { ...reference, export: 'missing' } }],
    [{ filter: { ...reference, version: 2 } }],
  ] as const)('is refused where it makes no sense: %o', async (f) => {
    expect(await codeOf(() => openWith(newBackends(), f))).toBe('CLORTHO_INVALID');
  });
});

describe('a row filter that throws', () => {
  it('fails merges of its rows and reads of its key; other keys, families and writes go on', async () => {
    const events: string[] = [];
    const backends = newBackends();
    const store = await openWith(
      backends,
      {},
      {
        compaction: 'auto',
        tuning: { ...external.tuning, deltaRuns: 2, runsMax: 2 },
        onEvent: (event) => {
          if ('place' in event) events.push(`${event.type} ${event.place.family}: ${event.place.error}`);
        },
      },
    );
    await store.put('bad', 'throw', { timestamp: 1, family: 'f' });
    for (let timestamp = 2; timestamp < 40; timestamp += 1) {
      await store.write(
        [
          { type: 'put', key: `${timestamp % 5}`, value: `${timestamp}`, family: 'f' },
          { type: 'put', key: `${timestamp % 5}`, value: `${timestamp}` },
        ],
        { timestamp },
      );
    }
    expect(await messageOf(() => store.compact())).toMatch(/row filter failed: filter=short-lived/);
    expect(text(await store.get('3', { family: 'f' }))).toBe('38');
    expect(text(await store.get('3'))).toBe('38');
    expect(await codeOf(() => store.get('bad', { family: 'f' }))).toBe('CLORTHO_INVALID');
    const { compaction, totals } = await store.stats();
    expect(compaction.failures).toBeGreaterThan(0);
    expect(compaction.failures).toBeLessThan(20);
    expect(totals.current.rows).toBeGreaterThan(0);
    // What failed merges had written is garbage, nothing more.
    await store.gc();
    await store.gc();
    expect((await store.verify()).findings).toEqual([]);
    await store.close();
    expect(events.every((event) => event.startsWith('compactionFailing f: '))).toBe(true);
  });

  it('is told when it returns something else', async () => {
    const filter = { name: 'odd', version: 1, keep: () => Number.NaN };
    const store = await openWith(newBackends(), { filter });
    await store.put('k', 'v', { timestamp: 1, family: 'f' });
    expect(await messageOf(() => store.get(encodeUtf8('k'), { family: 'f' }))).toMatch(
      /a boolean or a timestamp/,
    );
    await store.close();
  });
});
