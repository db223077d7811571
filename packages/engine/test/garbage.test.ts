/** Garbage collection: deletes what nothing references, and nothing else. */
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { type Gate, hookedObjects, newBackends, newGate, objectKeys } from './support/backends.ts';
import { withTime } from './support/with-time.ts';

const quiet: OpenOptions = { compaction: 'manual', tuning: { threads: 0, blockBytes: 64, fileBytes: 300 } };

async function liveObjects(store: Store): Promise<string[]> {
  const { shards } = await store.stats();
  return shards.flatMap(({ families }) => families.flatMap(({ entries }) => entries.map(({ id }) => id)));
}

describe('gc', () => {
  it('deletes what compaction replaced, after one pass of grace, and keeps what is live', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const store = await open('memory:', { ...quiet, ...backends, clock, shards: 2 });
    for (let index = 0; index < 70; index += 1) await store.put(Uint8Array.of(index * 3), `${index}`);
    const before = await objectKeys(backends.objects, 'sst/');
    await store.compact();
    await clock.advance(1000);
    const first = await store.gc();
    expect(first.objectsDeleted).toBe(0);
    expect(first.objectsWaiting).toBeGreaterThanOrEqual(before.length);
    await clock.advance(1000);
    const second = await store.gc();
    expect(second.objectsDeleted).toBeGreaterThanOrEqual(before.length);
    expect(second.bytesDeleted).toBeGreaterThan(0);
    const kept = (await objectKeys(backends.objects, 'sst/')).map((key) => key.slice(4, 30)).sort();
    expect(kept).toEqual((await liveObjects(store)).sort());
    expect((await rowsOf(store.scan())).length).toBe(70);
    await store.close();
    const again = await open('memory:', { ...quiet, ...backends, clock });
    expect((await rowsOf(again.scan())).length).toBe(70);
    expect(await codeOf(() => again.gc())).toBe('none');
    await again.close();
  });

  it('takes nothing from a writer in flight: it uploads again and commits', async () => {
    for (const collectorIsWriter of [true, false]) {
      const clock = virtualClock();
      const backends = newBackends();
      const stalled: { gate: Gate | undefined } = { gate: undefined };
      const lazy = { ...quiet, ...backends, clock, refreshMs: 1e9 };
      const objects = hookedObjects(backends.objects, (call) =>
        call === 'put' ? stalled.gate?.wait() : undefined,
      );
      const writer = await open('memory:', { ...lazy, objects });
      const collector = collectorIsWriter ? writer : await open('memory:', lazy);
      await writer.put('before', '1');
      const gate = newGate();
      stalled.gate = gate;
      const writing = writer.put('stalled', 'v');
      await gate.reached;
      for (let pass = 0; pass < 4; pass += 1) {
        await clock.advance(86_400_000);
        await collector.gc();
      }
      stalled.gate = undefined;
      gate.open();
      await withTime(clock, writing);
      for (let pass = 0; pass < 4; pass += 1) {
        await clock.advance(1000);
        await collector.gc();
      }
      const reader = await open('memory:', lazy);
      expect(await rowsOf(reader.scan())).toEqual(['before=1', 'stalled=v']);
      await reader.close();
      await collector.close();
      await writer.close();
    }
  });

  it('takes nothing from a writer whose object was deleted between its upload and its commit', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const gate = newGate();
    let isStalling = false;
    const hooked = hookedObjects(backends.objects, () => undefined);
    const objects = {
      ...hooked,
      counters: hooked.counters,
      put: async (key: string, bytes: Uint8Array) => {
        await backends.objects.put(key, bytes);
        if (isStalling && key.startsWith('sst/')) {
          isStalling = false;
          await gate.wait();
        }
      },
    };
    const writer = await open('memory:', { ...quiet, ...backends, objects, clock });
    const collector = await open('memory:', { ...quiet, ...backends, clock });
    isStalling = true;
    const writing = writer.put('k', 'v');
    await gate.reached;
    const [orphan] = await objectKeys(backends.objects, 'sst/');
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1000);
      await collector.gc();
    }
    expect(await objectKeys(backends.objects, 'sst/')).toEqual([]);
    gate.open();
    await withTime(clock, writing);
    const now = await objectKeys(backends.objects, 'sst/');
    expect(now).toHaveLength(1);
    expect(now[0]).not.toBe(orphan);
    expect(text(await collector.get('k', { atLeast: 'latest' }))).toBe('v');
    await Promise.all([writer.close(), collector.close()]);
  });

  it('of two handles at once, with writers and compaction beside them, loses nothing', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const options = { ...quiet, ...backends, clock, shards: 2 };
    const stores = await Promise.all([1, 2].map(() => open('memory:', options)));
    for (let round = 0; round < 8; round += 1) {
      await Promise.all(
        stores.flatMap((store, index) => [
          store.put(Uint8Array.of(round, index), `${round}`),
          store.put(Uint8Array.of(200 + round, index), `${round}`),
        ]),
      );
      await clock.advance(500);
      const compacting = Promise.allSettled(stores.map((store) => store.compact()));
      const collecting = Promise.all(stores.map((store) => store.gc()));
      await clock.advance(500);
      await Promise.all([compacting, collecting]);
    }
    for (const store of stores) expect(await rowsOf(store.scan({ atLeast: 'latest' }))).toHaveLength(32);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('goes on without a snapshot that was closed, and collected by another, while it looked at it', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const gate = newGate();
    let isStalling = false;
    const objects = hookedObjects(backends.objects, (call, key) =>
      isStalling && call === 'get' && key.startsWith('pin/') ? gate.wait() : undefined,
    );
    const writer = await open('memory:', { ...quiet, ...backends, clock });
    const collector = await open('memory:', { ...quiet, ...backends, objects, clock });
    await writer.put('k', 'v');
    const snapshot = await writer.snapshot();
    isStalling = true;
    const collecting = collector.gc();
    await gate.reached;
    await snapshot.close();
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1000);
      await writer.gc();
    }
    expect(await objectKeys(backends.objects, 'pin/')).toEqual([]);
    gate.open();
    expect((await collecting).objectsDeleted).toBe(0);
    expect(text(await collector.get('k', { atLeast: 'latest' }))).toBe('v');
    await Promise.all([writer.close(), collector.close()]);
  });

  it('lets a merge commit that takes longer than many passes, of this process or of another', async () => {
    for (const isOwn of [true, false]) {
      const clock = virtualClock();
      const backends = newBackends();
      let isSlow = false;
      const objects = hookedObjects(backends.objects, async (call, key) => {
        if (isSlow && call === 'put' && key.startsWith('sst/')) await clock.sleep(100);
      });
      const tuning = { ...quiet.tuning, fileBytes: 1500 };
      const merging = await open('memory:', { ...quiet, ...backends, objects, clock, tuning, refreshMs: 50 });
      const other = await open('memory:', { ...quiet, ...backends, clock, refreshMs: 50 });
      const rows = Array.from({ length: 100 }, (_, index) => `k${String(index).padStart(3, '0')}`);
      for (let round = 0; round < 3; round += 1) {
        await withTime(
          clock,
          merging.write(rows.map((key) => ({ type: 'put', key, value: `${round}${'v'.repeat(40)}` }))),
        );
      }
      // A collector that has just begun shows nobody what it will take; one at work raises the floor with every pass.
      for (let pass = 0; pass < 2; pass += 1) {
        await clock.advance(1000);
        await (isOwn ? merging : other).gc();
      }
      isSlow = true;
      let isOver = false;
      let passes = 0;
      const collecting = (async (): Promise<void> => {
        for (; !isOver; passes += 1) {
          await clock.sleep(isOwn ? 150 : 1000);
          await (isOwn ? merging : other).gc();
        }
      })();
      const merged = await withTime(clock, merging.compact(), 10);
      isOver = true;
      await withTime(clock, collecting, 10);
      expect(merged.jobs).toBe(1);
      expect(passes).toBeGreaterThanOrEqual(isOwn ? 10 : 2);
      isSlow = false;
      for (let pass = 0; pass < 3; pass += 1) {
        await clock.advance(1000);
        await other.gc();
      }
      const kept = (await objectKeys(backends.objects, 'sst/')).map((key) => key.slice(4, 30)).sort();
      expect(kept).toEqual((await liveObjects(merging)).sort());
      expect(await rowsOf(other.scan({ atLeast: 'latest' }))).toHaveLength(100);
      await Promise.all([merging.close(), other.close()]);
    }
  });

  it('lets a merge commit that reads for many passes of another process after it wrote a file', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    let inputs: readonly string[] = [];
    const objects = hookedObjects(backends.objects, async (call, key) => {
      if (call === 'get' && inputs.includes(key)) await clock.sleep(4000);
    });
    const tuning = { threads: 0, blockBytes: 4096, fileBytes: 300 };
    const options = { ...quiet, ...backends, clock, tuning, refreshMs: 50 };
    const filling = await open('memory:', options);
    const keys = Array.from({ length: 60_000 }, (_, index) => `k${String(index).padStart(6, '0')}`);
    const fills = keys.map((key, index) => ({ type: 'put', key, value: `${Math.sin(index)}` }) as const);
    await withTime(clock, filling.write(fills), 10);
    await withTime(clock, filling.write([{ type: 'put', key: keys[1] as string, value: 'w' }]), 10);
    // Of all that is read, only the first rows are written.
    await withTime(clock, filling.write(keys.slice(15).map((key) => ({ type: 'del', key }))), 10);
    await withTime(clock, filling.close(), 10);
    const merging = await withTime(clock, open('memory:', { ...options, objects, cacheBytes: 1 }), 10);
    const other = await withTime(clock, open('memory:', options), 10);
    for (let pass = 0; pass < 2; pass += 1) {
      await clock.advance(1000);
      await withTime(clock, other.gc(), 10);
    }
    await withTime(clock, merging.truncateHistory(clock.now()), 10);
    inputs = await objectKeys(backends.objects, 'sst/');
    let isOver = false;
    let passes = 0;
    const collecting = (async (): Promise<void> => {
      for (; !isOver; passes += 1) {
        await clock.sleep(1000);
        await other.gc();
      }
    })();
    const merged = await withTime(clock, merging.compact(), 10);
    isOver = true;
    await withTime(clock, collecting, 10);
    expect(merged.jobs).toBe(1);
    expect(passes).toBeGreaterThan(3);
    expect(await rowsOf(other.scan({ atLeast: 'latest' }))).toHaveLength(15);
    await withTime(clock, Promise.all([merging.close(), other.close()]), 10);
  });

  it('deletes nothing while everything is held', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const gate = newGate();
    let isStalling = false;
    const objects = hookedObjects(backends.objects, (call, key) =>
      isStalling && call === 'put' && key.startsWith('pin/') ? gate.wait() : undefined,
    );
    const reader = await open('memory:', { ...quiet, ...backends, objects, clock });
    const writer = await open('memory:', { ...quiet, ...backends, clock });
    for (let index = 0; index < 5; index += 1) await writer.put(`k${index}`, `${index}`);
    isStalling = true;
    const taking = reader.snapshot();
    await gate.reached;
    const before = await objectKeys(backends.objects);
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1000);
      expect((await writer.gc()).objectsDeleted).toBe(0);
    }
    expect(await objectKeys(backends.objects)).toEqual(before);
    gate.open();
    const snapshot = await taking;
    expect(await rowsOf(snapshot.scan())).toHaveLength(5);
    await snapshot.close();
    await Promise.all([reader.close(), writer.close()]);
  });

  it('lets a reader whose files vanished start over, and a scan go on at its own time', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const lazy = { ...quiet, ...backends, clock, refreshMs: 1e9, cacheBytes: 0, tableBytes: 0 };
    const writer = await open('memory:', { ...quiet, ...backends, clock });
    for (let index = 0; index < 40; index += 1)
      await writer.put(`k${String(index).padStart(2, '0')}`, `${index}`);
    const reader = await open('memory:', lazy);
    const scan = reader.scan();
    const first = await scan.next();
    for (let index = 0; index < 40; index += 1) await writer.put(`k${String(index).padStart(2, '0')}`, 'new');
    await writer.compact();
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1);
      await writer.gc();
    }
    expect(text(first.value?.value)).toBe('0');
    const rest = await rowsOf(scan);
    expect(rest).toEqual(
      Array.from({ length: 39 }, (_, index) => `k${String(index + 1).padStart(2, '0')}=${index + 1}`),
    );
    expect(text(await reader.get('k07'))).toBe('new');
    await Promise.all([reader.close(), writer.close()]);
  });

  it('lets a refresh whose checkpoint vanished read the heads again', async () => {
    const clock = virtualClock();
    const backends = newBackends();
    const writer = await open('memory:', { ...quiet, ...backends, clock });
    let gate: Gate | undefined;
    const objects = hookedObjects(backends.objects, (call, key) =>
      call === 'get' && key.startsWith('checkpoint/') ? gate?.wait() : undefined,
    );
    const reader = await open('memory:', { ...quiet, ...backends, objects, clock, refreshMs: 1e9 });
    for (let index = 0; index < 40; index += 1) await writer.put(`k${index}`, 'v');
    gate = newGate();
    const reached = gate;
    const reading = reader.get('k39', { atLeast: 'latest' });
    await reached.reached;
    const stale = await objectKeys(backends.objects, 'checkpoint/');
    for (let index = 0; index < 300; index += 1) await writer.put(`k${index}`, 'w');
    await writer.compact();
    for (let pass = 0; pass < 3; pass += 1) {
      await clock.advance(1000);
      await writer.gc();
    }
    const present = new Set(await objectKeys(backends.objects, 'checkpoint/'));
    expect(stale.some((key) => !present.has(key))).toBe(true);
    gate = undefined;
    reached.open();
    expect(text(await reading)).toBe('w');
    await Promise.all([reader.close(), writer.close()]);
  });
});
