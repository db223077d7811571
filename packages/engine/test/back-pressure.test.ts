/** Writes while compaction has fallen behind: delayed, stopped, refused, let through. */
import { ClorthoError, systemClock } from '@clortho/base';
import { type VirtualClock, virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { abortable } from '../src/commit/abortable.ts';
import { open, type Store, type Tuning } from '../src/index.ts';
import { codeOf, rowsOf } from './support/answers.ts';
import { hookedObjects, newBackends, newGate } from './support/backends.ts';

const tuning: Tuning = { threads: 0, deltaRuns: 3, runsSoft: 8, runsHard: 16 };
const LOG_WINDOW_MS = 10_000;

/** Merges must read what they merge from the object store: nothing is kept in memory. */
async function storeWith(
  read: () => Promise<void> | undefined,
  own: Tuning = tuning,
): Promise<{ store: Store; clock: VirtualClock }> {
  const clock = virtualClock();
  const backends = newBackends();
  const objects = hookedObjects(backends.objects, (call, key, signal) => {
    if (call !== 'get' || !key.startsWith('sst/')) return undefined;
    return abortable(Promise.resolve(read()), signal);
  });
  const families = { other: {}, log: { kind: 'log' as const, log: { windowMs: LOG_WINDOW_MS } } };
  const options = {
    ...backends,
    objects,
    clock,
    families,
    tuning: own,
    tableBytes: 0,
    cacheBytes: 0,
    refreshMs: 1e9,
  };
  return { clock, store: await open('memory:', options) };
}

/** Tells whether `work` is done when `ms` have passed, and lets no more time pass than it takes, in tenths. */
async function isDoneWithin(clock: VirtualClock, work: Promise<unknown>, ms: number): Promise<boolean> {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  done.catch(() => undefined);
  for (let tenth = 0; !isDone && tenth <= 10; tenth += 1) {
    if (tenth > 0) await clock.advance(ms / 10);
    for (let turn = 0; !isDone && turn < 10; turn += 1) await systemClock.sleep(0);
  }
  return isDone;
}

/** Writes one batch after the other, as long as each is done within `ms`; returns how long they took in all. */
async function write(store: Store, clock: VirtualClock, count: number, ms: number): Promise<number> {
  const begun = clock.monotonic();
  for (let index = 0; index < count; index += 1)
    expect(await isDoneWithin(clock, store.put(`k${index}`, 'v'), ms)).toBe(true);
  return clock.monotonic() - begun;
}

describe('writes to a place where compaction has fallen behind', () => {
  it('are delayed more and more, then stopped, and go on when it has caught up', async () => {
    const gate = newGate();
    const { store, clock } = await storeWith(() => gate.wait());
    expect(await write(store, clock, 8, 0)).toBe(0);
    const first = await write(store, clock, 4, 100);
    const second = await write(store, clock, 4, 100);
    expect(first).toBeGreaterThan(10);
    expect(second).toBeGreaterThan(2 * first);
    const stopped = store.put('last', 'v');
    expect(await isDoneWithin(clock, stopped, 5000)).toBe(false);
    expect((await store.stats()).backPressure).toMatchObject({ load: 1, delays: 7, stops: 0, refusals: 0 });
    // What is waited for shows.
    const [job] = (await store.stats()).compaction.running;
    const merging = { family: 'default', reason: '4 of too many delta runs', rowsRead: 0, rowsTotal: 4 };
    expect(job).toMatchObject(merging);
    gate.open();
    while ((await store.stats()).compaction.jobs === 0) await systemClock.sleep(0);
    expect(await isDoneWithin(clock, stopped, 100)).toBe(true);
    const { backPressure } = await store.stats();
    expect(backPressure).toMatchObject({ stops: 1, refusals: 0 });
    expect(backPressure.stopMs).toBeGreaterThanOrEqual(5000);
    expect(await rowsOf(store.scan())).toHaveLength(9);
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('are refused if it does not catch up, may be aborted, and leave other families alone', async () => {
    const gate = newGate();
    const { store, clock } = await storeWith(() => gate.wait());
    await write(store, clock, 16, 100);
    expect(await isDoneWithin(clock, store.put('k', 'v', { family: 'other' }), 0)).toBe(true);
    const refused = codeOf(() => store.put('refused', 'v'));
    expect(await isDoneWithin(clock, refused, 29_000)).toBe(false);
    expect(await isDoneWithin(clock, refused, 2000)).toBe(true);
    expect(await refused).toBe('CLORTHO_UNAVAILABLE');
    const stop = new AbortController();
    const aborted = codeOf(() => store.put('aborted', 'v', { signal: stop.signal }));
    await clock.advance(100);
    stop.abort();
    expect(await aborted).toBe('CLORTHO_ABORTED');
    expect((await store.stats()).backPressure.refusals).toBe(1);
    gate.open();
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('are let through when the store is closed', async () => {
    const gate = newGate();
    const { store, clock } = await storeWith(() => gate.wait());
    await write(store, clock, 16, 100);
    const waiting = store.put('last', 'v');
    await clock.advance(1000);
    await store.close();
    expect((await waiting).timestamp).toBeGreaterThan(0);
    expect(clock.pending).toBe(0);
  });

  it('are delayed but never stopped where compaction fails again and again', async () => {
    const { store, clock } = await storeWith(() =>
      Promise.reject(new ClorthoError('CLORTHO_UNAVAILABLE', 'the disk says no')),
    );
    await write(store, clock, 12, 100);
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1000);
      while ((await store.stats()).compaction.running.length > 0) await systemClock.sleep(0);
    }
    expect((await store.stats()).compaction.failing).toMatchObject([{ family: 'default' }]);
    await write(store, clock, 30, 100);
    const { backPressure } = await store.stats();
    expect(backPressure).toMatchObject({ stops: 0, refusals: 0, load: 0.99 });
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it.each(['default', 'log'])(
    'go on in family %s even if no limit is as high as what makes merges due',
    async (family) => {
      const own = { threads: 0, runsSoft: 0, runsHard: 1 };
      const { store, clock } = await storeWith(() => undefined, own);
      for (let index = 0; index < 40; index += 1) {
        const written = store.put(`k${index}`, 'v', { family });
        expect(await isDoneWithin(clock, written, 1000)).toBe(true);
      }
      expect((await store.stats()).compaction.jobs).toBeGreaterThan(1);
      await store.close();
    },
  );

  it('count what one commit is adding', async () => {
    const gate = newGate();
    const { store, clock } = await storeWith(() => gate.wait());
    await write(store, clock, 15, 100);
    const last = ['a', 'b', 'c'].map(async (key) => {
      await systemClock.sleep(0);
      await store.put(key, 'v');
    });
    for (let turn = 0; turn < 20; turn += 1) await clock.advance(500);
    expect((await store.stats()).shards[0]?.families[0]?.delta.runs).toBe(16);
    await store.close();
    await Promise.all(last);
  });

  it('are not held back by what a log keeps', async () => {
    const { store, clock } = await storeWith(() => undefined, { threads: 0, runsSoft: 2, runsHard: 4 });
    for (let window = 0; window < 10; window += 1) {
      expect(await isDoneWithin(clock, store.put(`k${window}`, 'v', { family: 'log' }), 0)).toBe(true);
      await clock.advance(LOG_WINDOW_MS);
    }
    expect((await store.stats()).backPressure).toMatchObject({ delays: 0, stops: 0 });
    await store.close();
  });
});
