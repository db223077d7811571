/** Snapshots: isolation, what they hold, and how they end. */
import { ClorthoError, systemClock } from '@clortho/base';
import { decodePins } from '@clortho/manifest';
import type { RegisterChange, RegisterStore } from '@clortho/registers';
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open } from '../src/index.ts';
import { PinSession } from '../src/snapshot/pin-session.ts';
import { codeOf, messageOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { hookedRegisters, newBackends, newGate, objectKeys } from './support/backends.ts';
import { withTime } from './support/with-time.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 64, fileBytes: 300 } };

describe('a snapshot', () => {
  it('answers the same under commits, compaction, truncation and garbage collection by others', async () => {
    const clock = virtualClock();
    const options = { ...quiet, ...newBackends(), clock, shards: 2, families: { f: {} } };
    const [reader, writer] = [
      await open('memory:', options),
      await open('memory:', { ...options, cacheBytes: 0 }),
    ];
    const high = Uint8Array.of(0xf0);
    for (let index = 0; index < 20; index += 1) {
      await writer.write([
        { type: 'put', key: `k${index % 7}`, value: `${index}` },
        { type: 'put', key: high, value: `${index}`, family: 'f' },
      ]);
      await clock.advance(1);
    }
    const snapshot = await reader.snapshot();
    const asOf = snapshot.timestamp;
    const rows = await rowsOf(snapshot.scan());
    const versions = await versionsOf(snapshot.history('k1'));
    expect(rows).toHaveLength(7);
    for (let index = 20; index < 40; index += 1) {
      await writer.put(`k${index % 7}`, `${index}`);
      await clock.advance(1);
    }
    await writer.write([{ type: 'deleteRange', start: 'k3', end: 'z' }]);
    await writer.compact();
    await writer.truncateHistory(clock.now());
    await writer.compact();
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(10);
      await writer.gc();
    }
    expect(await rowsOf(snapshot.scan())).toEqual(rows);
    expect(await rowsOf(snapshot.scan({ reverse: true }))).toEqual([...rows].reverse());
    expect(await versionsOf(snapshot.history('k1'))).toEqual(versions);
    expect(text(await snapshot.get('k6'))).toBe('13');
    expect((await snapshot.getMany(['k5', high])).map(text)).toEqual(['19', undefined]);
    expect(text(await snapshot.get(high, { family: 'f' }))).toBe('19');
    expect(text(await snapshot.get('k6', { asOf: asOf - 13_000 }))).toBe('6');
    expect(await codeOf(() => snapshot.get('k6', { asOf: clock.now() }))).toBe('CLORTHO_INVALID');
    await snapshot.close();
    await Promise.all([reader.close(), writer.close()]);
  });

  it('is settled on every shard: as of its time it agrees with the store, for ever', async () => {
    const backends = newBackends();
    const [clock, behind] = [virtualClock(), virtualClock()];
    const store = await open('memory:', { ...quiet, ...backends, clock, shards: 2 });
    const slow = await open('memory:', { ...quiet, ...backends, clock: behind });
    await clock.advance(5000);
    const { timestamp } = await store.put(Uint8Array.of(0xf0), 'v');
    const snapshot = await store.snapshot();
    expect(snapshot.timestamp).toBe(timestamp);
    expect(await snapshot.get('left', { asOf: timestamp })).toBeUndefined();
    const late = await slow.put('left', 'late');
    expect(late.timestamp).toBeGreaterThan(timestamp);
    expect(await store.get('left', { asOf: timestamp, atLeast: 'latest' })).toBeUndefined();
    expect(await codeOf(() => snapshot.get('left', { asOf: late.timestamp }))).toBe('CLORTHO_INVALID');
    await snapshot.close();
    await Promise.all([store.close(), slow.close()]);
  });

  it('of external time closes the last commit for writers that lag behind it', async () => {
    const store = await open('memory:', { ...quiet, time: 'external', shards: 2 });
    await store.put(Uint8Array.of(0xf0), 'v', { timestamp: 100 });
    const snapshot = await store.snapshot();
    expect(await codeOf(() => store.put('left', 'late', { timestamp: 50 }))).toBe('CLORTHO_CONFLICT');
    await store.put('left', 'later', { timestamp: 101 });
    expect(await snapshot.get('left', { asOf: 100 })).toBeUndefined();
    await snapshot.close();
    await store.close();
  });

  it('is taken with another session when an observer ended the one that had none to hold', async () => {
    const backends = newBackends();
    const [clock, observing] = [virtualClock(), virtualClock()];
    const idle = await open('memory:', { ...quiet, ...backends, clock });
    const observer = await open('memory:', { ...quiet, ...backends, clock: observing });
    await idle.put('k', 'v');
    for (const closesFirst of [true, false]) {
      const held = await idle.snapshot();
      if (closesFirst) await held.close();
      await observer.gc();
      await observing.advance(61_000); // The other one is asleep: it renews nothing.
      await observer.gc();
      await held.close();
      const snapshot = await idle.snapshot();
      expect(text(await snapshot.get('k'))).toBe('v');
      await snapshot.close();
    }
    await Promise.all([idle.close(), observer.close()]);
  });

  it('throws CLOSED after close, which may be called twice', async () => {
    const store = await open('memory:', quiet);
    await store.put('k', 'v');
    const snapshot = await store.snapshot();
    await snapshot.close();
    await snapshot.close();
    const calls: (() => unknown)[] = [
      () => snapshot.get('k'),
      () => snapshot.getMany(['k']),
      () => snapshot.scan(),
      () => snapshot.history('k'),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('CLORTHO_CLOSED');
    await store.close();
  });

  it('stays alive by renewing its lease, far longer than one', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const [reader, writer] = [
      await open('memory:', { ...quiet, ...backends, clock }),
      await open('memory:', { ...quiet, ...backends, clock }),
    ];
    await writer.put('k', 'old');
    const snapshot = await reader.snapshot();
    for (let minute = 0; minute < 10; minute += 1) {
      await clock.advance(60_000);
      await writer.put('k', `${minute}`);
      await writer.compact();
      await writer.truncateHistory(clock.now());
      await writer.gc();
    }
    expect(text(await snapshot.get('k'))).toBe('old');
    await snapshot.close();
    await Promise.all([reader.close(), writer.close()]);
  });

  it('with an expired pin throws CLOSED and never reads something newer; the next snapshot works', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    let isCut = false;
    const registers = hookedRegisters(backends.registers, () => {
      if (isCut) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the network is down');
    });
    const reader = await open('memory:', { ...quiet, ...backends, registers, clock });
    const writer = await open('memory:', { ...quiet, ...backends, clock });
    await writer.put('k', 'old');
    const snapshot = await reader.snapshot();
    isCut = true;
    await clock.advance(59_000);
    expect(text(await snapshot.get('k'))).toBe('old');
    await clock.advance(2_000);
    expect(await codeOf(() => snapshot.get('k'))).toBe('CLORTHO_CLOSED');
    isCut = false;
    await clock.advance(60_000);
    expect(await codeOf(() => snapshot.get('k'))).toBe('CLORTHO_CLOSED');
    await writer.put('k', 'new');
    const next = await reader.snapshot();
    expect(text(await next.get('k'))).toBe('new');
    expect(await codeOf(() => snapshot.scan())).toBe('CLORTHO_CLOSED');
    await snapshot.close();
    await next.close();
    await Promise.all([reader.close(), writer.close()]);
  });

  it('survives a renewal of its own that arrives late, after others were sent', async () => {
    const backends = newBackends();
    const clock = virtualClock();
    const delayed: (readonly RegisterChange[])[] = [];
    let isDelaying = false;
    const registers: RegisterStore = {
      ...backends.registers,
      async compareAndSwap(changes, options) {
        if (!changes.some(({ key }) => key.startsWith('pins/')))
          return backends.registers.compareAndSwap(changes, options);
        if (isDelaying) {
          delayed.push(changes);
          throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'no reply');
        }
        const late = delayed.shift();
        if (late !== undefined) await backends.registers.compareAndSwap(late);
        return backends.registers.compareAndSwap(changes, options);
      },
    };
    const store = await open('memory:', { ...quiet, ...backends, registers, clock });
    await store.put('k', 'v');
    const snapshot = await store.snapshot();
    isDelaying = true;
    await clock.advance(20_000);
    expect(delayed.length).toBeGreaterThan(0);
    isDelaying = false;
    for (let turn = 0; turn < 10; turn += 1) {
      await clock.advance(15_000);
      expect(text(await snapshot.get('k'))).toBe('v');
    }
    await snapshot.close();
    await store.close();
  });

  it('of a process that died holds nothing after an observer saw a full lease pass', async () => {
    const backends = newBackends();
    const clock = virtualClock();
    const dead = await open('memory:', { ...quiet, ...backends, clock: virtualClock() });
    const writer = await open('memory:', { ...quiet, ...backends, clock });
    await writer.put('k', 'old');
    await dead.snapshot(); // Its clock never moves again: no renewal.
    await writer.put('k', 'new');
    await writer.compact();
    await writer.truncateHistory(clock.now());
    for (let pass = 0; pass < 3; pass += 1) await writer.gc();
    expect(await objectKeys(backends.objects, 'pin/')).toHaveLength(1);
    await clock.advance(61_000);
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1_000);
      await writer.gc();
    }
    expect(await objectKeys(backends.objects, 'pin/')).toEqual([]);
    await writer.close();
  });

  it('that could not be pinned leaves no hold behind', async () => {
    const backends = newBackends();
    let failing: 'none' | 'hold' | 'narrow' = 'none';
    const registers = hookedRegisters(backends.registers, (call, keys, when) => {
      if (call !== 'swap' || when !== 'before' || !keys.some((key) => key.startsWith('pins/'))) return;
      if (failing === 'hold') throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the network is down');
      if (failing === 'narrow') failing = 'hold';
    });
    const store = await open('memory:', { ...quiet, ...backends, registers });
    await store.put('k', 'v');
    for (const when of ['hold', 'narrow'] as const) {
      failing = when;
      expect(await codeOf(() => store.snapshot())).toBe('CLORTHO_UNAVAILABLE');
      failing = 'none';
      await (await store.snapshot()).close();
      await store.put('k', 'w');
      for (let pass = 0; pass < 3; pass += 1) await store.gc();
      // With a hold left behind, compaction would wait for it and garbage would stay.
      await store.compact();
      expect(await objectKeys(backends.objects, 'pin/')).toEqual([]);
    }
    await store.close();
  });

  it('whose last write failed takes back that it holds everything', async () => {
    const backends = newBackends();
    let swaps = 0;
    const registers = hookedRegisters(backends.registers, (call, keys, when) => {
      if (call !== 'swap' || when !== 'before' || !keys.some((key) => key.startsWith('pins/'))) return;
      swaps += 1;
      if (swaps === 2) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the network is down');
    });
    const store = await open('memory:', { ...quiet, ...backends, registers });
    await store.put('k', 'v');
    expect(await codeOf(() => store.snapshot())).toBe('CLORTHO_UNAVAILABLE');
    for await (const { key, value } of backends.registers.list('pins/'))
      expect(decodePins(value, key)).toMatchObject({ hold: false, pins: [] });
    await store.close();
  });

  it('that makes the pins of its process too many is refused, and the others are renewed', async () => {
    const clock = virtualClock();
    const { registers } = newBackends();
    const slow = hookedRegisters(registers, async (call, _, when) => {
      if (call === 'swap' && when === 'before') await clock.sleep(20);
    });
    const session = new PinSession(slow, clock, 'session');
    const pinOf = (id: string, shards: number) => async () => ({
      pin: { id, times: Array.from({ length: shards }, (_, shard) => [shard, clock.now()] as const) },
    });
    await withTime(clock, session.pin(pinOf('first', 98)));
    const refused: string[] = [];
    // Renewals come while pins that do not fit are being made.
    const clients = [1, 2, 3].map(async (client) => {
      for (let tries = 0; tries < 12; tries += 1) {
        refused.push(await messageOf(() => session.pin(pinOf(`large ${client}`, 30_000))));
        await clock.sleep(5000);
      }
    });
    await withTime(clock, Promise.all(clients), 100);
    expect(new Set(refused.map((message) => message.replace(/:.*/, '')))).toEqual(
      new Set(['too many snapshots are open in this process']),
    );
    expect(session.size).toBe(1);
    session.assertValid();
    await withTime(clock, session.pin(pinOf('second', 98)));
    await withTime(clock, session.close());
  });

  it('does not carry all shards along with a clock that runs ahead', async () => {
    const backends = newBackends();
    const [clock, ahead] = [virtualClock(), virtualClock()];
    await ahead.advance(3_600_000);
    const store = await open('memory:', { ...quiet, ...backends, clock, shards: 2 });
    const fast = await open('memory:', { ...quiet, ...backends, clock: ahead });
    await store.put('left', '1');
    await fast.put(Uint8Array.of(0xf0), 'v');
    await clock.advance(1000);
    const snapshot = await store.snapshot();
    expect(text(await snapshot.get(Uint8Array.of(0xf0)))).toBe('v');
    expect(snapshot.timestamp).toBeLessThanOrEqual(clock.now());
    await clock.advance(1000);
    await store.put('left', '2');
    expect(text(await store.get('left', { asOf: clock.now() }))).toBe('2');
    await snapshot.close();
    await Promise.all([store.close(), fast.close()]);
  });

  it('that is under way when the store closes fails, and holds nothing', async () => {
    const backends = newBackends();
    const gate = newGate();
    const registers = hookedRegisters(backends.registers, (call, keys, when) =>
      call === 'swap' && when === 'before' && keys.some((key) => key.startsWith('pins/'))
        ? gate.wait()
        : undefined,
    );
    const store = await open('memory:', { ...quiet, ...backends, registers });
    await store.put('k', 'v');
    const snapshot = codeOf(() => store.snapshot());
    await gate.reached;
    const closing = store.close();
    gate.open();
    await closing;
    expect(await snapshot).toBe('CLORTHO_CLOSED');
    for await (const { key, value } of backends.registers.list('pins/'))
      expect(decodePins(value, key)).toMatchObject({ ended: true, pins: [] });
  });

  it('never sees half a batch, whenever it is taken', async () => {
    const options = { ...quiet, ...newBackends(), shards: 2 };
    const [reader, writer] = [await open('memory:', options), await open('memory:', options)];
    let isDone = false;
    const writing = (async () => {
      for (let index = 0; index < 60; index += 1) {
        await writer.write([
          { type: 'put', key: 'a', value: `${index}` },
          { type: 'put', key: Uint8Array.of(0xf0), value: `${index}` },
        ]);
      }
      isDone = true;
    })();
    while (!isDone) {
      const snapshot = await reader.snapshot();
      const [left, right] = await snapshot.getMany(['a', Uint8Array.of(0xf0)]);
      expect(text(left)).toBe(text(right));
      await snapshot.close();
      await systemClock.sleep(0); // Stores in memory never wait: this loop has to let the writer run.
    }
    await writing;
    await Promise.all([reader.close(), writer.close()]);
  });

  it('is not deleted from under by a collector whose clock runs ahead', async () => {
    const backends = newBackends();
    const gate = newGate();
    const ahead = virtualClock({ epochMicros: 2_000_000_000_000_000 });
    const behind = virtualClock({ epochMicros: 1_000_000_000_000_000 });
    const collector = await open('memory:', { ...quiet, ...backends, clock: ahead });
    await collector.put('k', 'v');
    for (let pass = 0; pass < 3; pass += 1) {
      await ahead.advance(1000);
      await collector.gc();
    }
    const reader = await open('memory:', { ...quiet, ...backends, clock: behind });
    const snapshot = await reader.snapshot();
    gate.open();
    await collector.put('k', 'w');
    await collector.compact();
    for (let pass = 0; pass < 3; pass += 1) {
      await ahead.advance(1000);
      await collector.gc();
    }
    expect(await objectKeys(backends.objects, 'pin/')).toHaveLength(1);
    expect(text(await snapshot.get('k'))).toBe('v');
    await snapshot.close();
    await Promise.all([reader.close(), collector.close()]);
  });
});
