/** Time: timestamps, `asOf`, closing, external time. */
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { newBackends } from './support/backends.ts';

const START_MS = 1_700_000_000_000;
const START = START_MS * 1000;
const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0 } };

function newClock() {
  return virtualClock({ epochMicros: START });
}

async function externalStore(options: OpenOptions = {}): Promise<Store> {
  return open('memory:', { ...quiet, time: 'external', ...options });
}

describe('clock time', () => {
  it('gives commits strictly increasing timestamps, even while the clock stands or goes back', async () => {
    const clock = newClock();
    const store = await open('memory:', { ...quiet, clock });
    const first = await store.put('k', '1');
    const second = await store.put('k', '2');
    clock.shiftNow(-60_000_000);
    const third = await store.put('k', '3');
    expect([first.timestamp, second.timestamp, third.timestamp]).toEqual([START, START + 1, START + 2]);
    expect(text(await store.get('k', { asOf: START + 1 }))).toBe('2');
    await store.close();
  });

  it('refuses a named timestamp', async () => {
    const store = await open('memory:', { ...quiet, clock: newClock() });
    expect(await codeOf(() => store.put('k', 'v', { timestamp: START }))).toBe('CLORTHO_INVALID');
    await store.close();
  });

  it('lets a Date cover its whole millisecond', async () => {
    const clock = newClock();
    const store = await open('memory:', { ...quiet, clock });
    const milliseconds = [0, 1, 2].map((ms) => new Date(START_MS + ms));
    for (const value of ['0', '1', '2']) {
      await store.put('k', value);
      await store.put('k', `${value}b`);
      await clock.advance(1);
    }
    const found = await Promise.all(milliseconds.map((asOf) => store.get('k', { asOf })));
    expect(found.map(text)).toEqual(['0b', '1b', '2b']);
    expect(await store.get('k', { asOf: new Date(START_MS - 1) })).toBeUndefined();
    await store.close();
  });

  it('refuses to read beyond now, except the millisecond under way', async () => {
    const clock = newClock();
    const store = await open('memory:', { ...quiet, clock });
    await store.put('k', 'v');
    expect(await codeOf(() => store.get('k', { asOf: START + 1 }))).toBe('CLORTHO_INVALID');
    expect(await codeOf(() => store.get('k', { asOf: new Date(START_MS + 1) }))).toBe('CLORTHO_INVALID');
    expect(text(await store.get('k', { asOf: new Date(START_MS) }))).toBe('v');
    const { shards } = await store.stats();
    expect(Math.max(...shards.map(({ floor }) => floor))).toBeLessThanOrEqual(START);
    await store.close();
  });

  it('refuses what is no timestamp, in every call that takes one', async () => {
    const store = await open('memory:', { ...quiet, clock: newClock() });
    for (const bad of [
      1.5,
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      new Date(Number.NaN),
      '1',
      null,
    ] as never[]) {
      const calls: (() => unknown)[] = [
        () => store.get('k', { asOf: bad }),
        () => store.getMany(['k'], { asOf: bad }),
        () => store.scan({ asOf: bad }),
        () => store.history('k', { from: bad }),
        () => store.history('k', { to: bad }),
        () => store.truncateHistory(bad),
        () => store.put('k', 'v', { ifVersion: bad }),
      ];
      for (const call of calls) {
        expect([bad, call.toString(), await codeOf(call)]).toEqual([bad, call.toString(), 'CLORTHO_INVALID']);
      }
    }
    await store.close();
  });

  it('closes a time that is read above the last commit: later commits land above it', async () => {
    const clock = newClock();
    const backends = newBackends();
    const options = { ...quiet, ...backends, clock, shards: ['m'] };
    const [reader, writer] = [await open('memory:', options), await open('memory:', options)];
    await writer.put('a', 'old');
    await clock.advance(10);
    const asOf = START + 10_000;
    expect(text(await reader.get('a', { asOf, atLeast: 'latest' }))).toBe('old');
    expect(await reader.get('z', { asOf })).toBeUndefined();
    clock.shiftNow(-8_000);
    const commits = [await writer.put('a', 'new'), await writer.put('z', 'new')];
    for (const { timestamp } of commits) expect(timestamp).toBeGreaterThan(asOf);
    expect(text(await reader.get('a', { asOf, atLeast: 'latest' }))).toBe('old');
    expect(await rowsOf(reader.scan({ asOf }))).toEqual(['a=old']);
    expect((await reader.getMany(['a', 'z'], { asOf })).map(text)).toEqual(['old', undefined]);
    await Promise.all([reader.close(), writer.close()]);
  });

  it('gives the same answer to the same read while writers go on', async () => {
    const clock = newClock();
    const backends = newBackends();
    const options = { ...quiet, ...backends, clock, shards: 4 };
    const [reader, writer] = [await open('memory:', options), await open('memory:', options)];
    const seen = new Map<number, string[]>();
    for (let turn = 0; turn < 20; turn += 1) {
      const writing = Promise.all(
        [0, 64, 128, 192].map((byte) => writer.put(Uint8Array.of(byte), `${turn}`)),
      );
      const asOf = clock.now();
      seen.set(asOf, await rowsOf(reader.scan({ asOf, atLeast: 'latest' })));
      await writing;
      if (turn % 5 === 4) await writer.compact();
      await clock.advance(1);
    }
    for (const [asOf, rows] of seen) {
      expect(await rowsOf(reader.scan({ asOf }))).toEqual(rows);
      expect(await rowsOf(writer.scan({ asOf, atLeast: 'latest' }))).toEqual(rows);
    }
    await Promise.all([reader.close(), writer.close()]);
  });
});

describe('external time', () => {
  it('takes a timestamp with every write, above what was committed or read', async () => {
    const store = await externalStore();
    expect(await codeOf(() => store.put('k', 'v'))).toBe('CLORTHO_INVALID');
    expect(await store.put('k', '10', { timestamp: 10 })).toMatchObject({ timestamp: 10 });
    expect(await codeOf(() => store.put('k', 'v', { timestamp: 10 }))).toBe('CLORTHO_CONFLICT');
    expect(await codeOf(() => store.put('k', 'v', { timestamp: 9 }))).toBe('CLORTHO_CONFLICT');
    for (const bad of [1.5, -1, Number.NaN, '11'] as never[]) {
      expect(await codeOf(() => store.put('k', 'v', { timestamp: bad }))).toBe('CLORTHO_INVALID');
    }
    const date = new Date(1);
    expect(await store.put('k', 'date', { timestamp: date })).toMatchObject({ timestamp: 1999 });
    expect(text(await store.get('k', { asOf: 1998 }))).toBe('10');
    await store.close();
  });

  it('refuses to read beyond the last commit of the store, and closes up to it on every shard', async () => {
    const store = await externalStore({ shards: ['m'] });
    await store.put('a', '10', { timestamp: 10 });
    await store.put('z', '20', { timestamp: 20 });
    expect(await codeOf(() => store.get('a', { asOf: 21 }))).toBe('CLORTHO_INVALID');
    expect(text(await store.get('a', { asOf: 15 }))).toBe('10');
    expect(await codeOf(() => store.put('a', '15', { timestamp: 15 }))).toBe('CLORTHO_CONFLICT');
    await store.put('a', '16', { timestamp: 16 });
    expect(text(await store.get('a', { asOf: 15 }))).toBe('10');
    await store.close();
  });

  it('judges a batch over shards by all of them', async () => {
    const store = await externalStore({ shards: ['m'] });
    await store.put('z', '20', { timestamp: 20 });
    const batch = [
      { type: 'put', key: 'a', value: '15' },
      { type: 'put', key: 'z', value: '15' },
    ] as const;
    expect(await codeOf(() => store.write(batch, { timestamp: 15 }))).toBe('CLORTHO_CONFLICT');
    expect(await rowsOf(store.scan())).toEqual(['z=20']);
    await store.put('a', '15', { timestamp: 15 });
    await store.close();
  });

  it("reads another handle's commit by its timestamp or Date without being told to refresh", async () => {
    const backends = newBackends();
    const options: OpenOptions = { ...quiet, ...backends, time: 'external', refreshMs: 3_600_000 };
    const [left, right] = [await open('memory:', options), await open('memory:', options)];
    await left.put('k', '1', { timestamp: 1999 });
    expect(text(await right.get('k', { asOf: 1999 }))).toBe('1');
    await left.put('k', '2', { timestamp: 2999 });
    expect(text(await right.get('k', { asOf: new Date(2) }))).toBe('2');
    await Promise.all([left.close(), right.close()]);
  });

  it('takes the lowest and the highest timestamps', async () => {
    const store = await externalStore();
    await store.put('k', 'first', { timestamp: 1 });
    const last = Number.MAX_SAFE_INTEGER - 1;
    // The largest safe integer stands for a version that has not ended.
    expect(await codeOf(() => store.put('k', 'v', { timestamp: last + 1 }))).toBe('CLORTHO_INVALID');
    await store.put('k', 'last', { timestamp: last });
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      expect(text(await store.get('k'))).toBe('last');
      expect(text(await store.get('k', { asOf: last }))).toBe('last');
      expect(text(await store.get('k', { asOf: last - 1 }))).toBe('first');
    }
    await store.close();
  });
});
