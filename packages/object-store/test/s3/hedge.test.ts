import { systemClock } from '@clortho/base';
import { virtualClock } from '@clortho/testkit';
import { expect, test, vi } from 'vitest';
import type { ObjectCounters } from '../../src/index.ts';
import { type HedgeOptions, hedge } from '../../src/s3/hedge.ts';
import { bytesOf, failure } from '../fixture.ts';
import { testBucket } from './bucket.ts';

const zero = (): ObjectCounters => ({
  puts: 0,
  gets: 0,
  heads: 0,
  deletes: 0,
  lists: 0,
  bytesPut: 0,
  bytesGot: 0,
});

/** A hedge that has seen `warm` requests of 10 to 29 ms each. */
async function warmHedge(warm: number, options: HedgeOptions = {}) {
  const clock = virtualClock();
  const counters = zero();
  const hedged = hedge(options, clock, counters);
  for (let index = 0; index < warm; index += 1) {
    const run = hedged.run(undefined, (signal) => clock.sleep(10 + (index % 20), signal));
    await clock.advance(40);
    await run;
  }
  counters.hedges = 0;
  counters.hedgesWon = 0;
  return { clock, counters, hedged };
}

/** A request that the test answers. */
function held() {
  const calls: { signal: AbortSignal; answer: (value: string) => void; fail: (error: Error) => void }[] = [];
  const send = (signal: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      calls.push({ signal, answer: resolve, fail: reject });
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  return { calls, send };
}

test('a request that takes longer than most is sent again, and the loser is aborted', async () => {
  const { clock, counters, hedged } = await warmHedge(100);
  const { calls, send } = held();
  const run = hedged.run(undefined, send);
  await clock.advance(26);
  expect(calls.length).toBe(1);
  await clock.advance(4);
  expect(calls.length).toBe(2);
  calls[1]?.answer('second');
  expect(await run).toBe('second');
  expect(calls[0]?.signal.aborted).toBe(true);
  expect(counters).toMatchObject({ hedges: 1, hedgesWon: 1 });
  expect(clock.pending).toBe(0);
});

test('the first request may still win, and one that is quick leaves nothing behind', async () => {
  const { clock, counters, hedged } = await warmHedge(100);
  const { calls, send } = held();
  const run = hedged.run(undefined, send);
  await clock.advance(50);
  calls[0]?.answer('first');
  expect(await run).toBe('first');
  expect(calls[1]?.signal.aborted).toBe(true);
  expect(counters).toMatchObject({ hedges: 1, hedgesWon: 0 });
  await hedged.run(undefined, () => Promise.resolve('quick'));
  expect([clock.pending, counters.hedges]).toEqual([0, 1]);
});

test('no request is hedged before it is known how long they take', async () => {
  const { clock, hedged } = await warmHedge(15);
  const { calls, send } = held();
  const run = hedged.run(undefined, send);
  await clock.advance(10_000);
  expect(calls.length).toBe(1);
  calls[0]?.answer('first');
  await run;
});

test('a failure is reported at once; once there is a second request, only if that fails too', async () => {
  const { clock, hedged } = await warmHedge(100);
  const early = held();
  const failing = expect(hedged.run(undefined, early.send)).rejects.toThrow('no such key');
  early.calls[0]?.fail(new Error('no such key'));
  await failing;
  expect(clock.pending).toBe(0);

  const late = held();
  const saved = hedged.run(undefined, late.send);
  await clock.advance(50);
  late.calls[0]?.fail(new Error('reset'));
  late.calls[1]?.answer('second');
  expect(await saved).toBe('second');

  const both = held();
  const lost = expect(hedged.run(undefined, both.send)).rejects.toThrow('the first error');
  await clock.advance(50);
  both.calls[1]?.fail(new Error('the second error'));
  both.calls[0]?.fail(new Error('the first error'));
  await lost;
});

test('a request that is repeated anyway is not hedged', async () => {
  const { clock, counters, hedged } = await warmHedge(100);
  const run = hedged.run(undefined, async (_signal, onRepeat) => {
    onRepeat();
    await clock.sleep(1000);
  });
  await clock.advance(1000);
  await run;
  expect(counters.hedges).toBe(0);
});

test('when everything is slow, hedges stay a tenth of the requests', async () => {
  const { clock, counters, hedged } = await warmHedge(100);
  const runs = Array.from({ length: 400 }, () =>
    hedged.run(undefined, (signal) => clock.sleep(5000, signal)),
  );
  await clock.advance(5100);
  await Promise.all(runs);
  expect(counters.hedges).toBeGreaterThan(0);
  expect(counters.hedges).toBeLessThanOrEqual(50);
});

test('an abort ends both requests', async () => {
  const { clock, hedged } = await warmHedge(100);
  const { calls, send } = held();
  const abort = new AbortController();
  const run = expect(hedged.run(abort.signal, send)).rejects.toThrow('aborted');
  await clock.advance(50);
  abort.abort();
  await run;
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, true]);
});

test('a GET that hangs is answered by its hedge, and given up on the wire', async () => {
  const { server, store } = await testBucket({ clock: systemClock, hedge: { delayMsMin: 100 } });
  await store.put('k', bytesOf('some text'));
  for (let warm = 0; warm < 20; warm += 1) await store.get('k', { offset: 1, length: 3 });
  const before = { ...store.counters };
  let hangs = 1;
  server.faults.onRequest = ({ operation }) =>
    operation === 'GetObject' && hangs-- > 0 ? { kind: 'delay', delayMs: 20_000 } : undefined;
  expect(await store.get('k')).toEqual(bytesOf('some text'));
  expect(store.counters).toMatchObject({
    hedges: (before.hedges ?? 0) + 1,
    hedgesWon: (before.hedgesWon ?? 0) + 1,
    gets: before.gets + 2,
    bytesGot: before.bytesGot + 9,
  });
  await vi.waitFor(() => expect(server.counters.abandoned).toBe(1), { timeout: 20_000 });
  await failure(store.get('absent'), 'CLORTHO_NOT_FOUND');
});

test('without the option no GET is sent twice', async () => {
  const { server, store } = await testBucket({ clock: systemClock });
  await store.put('k', bytesOf('v'));
  for (let warm = 0; warm < 20; warm += 1) await store.get('k');
  server.faults.onRequest = () => ({ kind: 'delay', delayMs: 300 });
  await store.get('k');
  expect(server.counters.operations.GetObject).toBe(21);
  expect(store.counters.hedges ?? 0).toBe(0);
});
