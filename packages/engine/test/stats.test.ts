/** What a store says of itself. */
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open } from '../src/index.ts';
import { newBackends } from './support/backends.ts';

const options: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  tuning: { threads: 0, blockBytes: 64, historyBucketMs: 0.01 },
};

describe('stats()', () => {
  it('tell live bytes, history, what is held and by which pin, and what goes next', async () => {
    const store = await open('memory:', options);
    expect((await store.stats()).amplification).toEqual({ write: undefined, space: undefined, read: 0 });
    for (let timestamp = 10; timestamp <= 50; timestamp += 10)
      await store.put('k', `value ${timestamp}`, { timestamp });
    const fresh = await store.stats();
    expect(fresh.pending).toEqual({ runs: 5, bytes: fresh.totals.delta.bytes });
    expect(fresh.space).toEqual({ live: fresh.totals.delta.bytes, history: 0, garbage: 0, held: [] });
    await store.compact();
    const merged = await store.stats();
    const { current, history } = merged.totals;
    expect(history.files).toBe(4);
    expect(merged.pending.runs).toBe(0);
    expect(merged.space).toEqual({ live: current.bytes, history: history.bytes, garbage: 0, held: [] });
    expect(merged.amplification.read).toBe(1);
    expect(merged.amplification.space).toBeCloseTo((current.bytes + history.bytes) / current.bytes);
    expect(merged.amplification.write).toBeGreaterThan(1);
    const snapshot = await store.snapshot();
    await store.put('k', 'newest', { timestamp: 60 });
    await store.compact();
    const backed = await store.stats();
    const endedBy60 = backed.totals.history.bytes;
    await store.truncateHistory(60);
    const held = await store.stats();
    // The snapshot sees the version of 50, which ended at 60; the others are gone.
    expect(held.space.history).toBe(0);
    expect(held.space.garbage).toBe(0);
    expect(held.space.held).toEqual([{ pin: expect.any(String), bytes: held.totals.history.bytes }]);
    expect(held.totals.history.bytes).toBeLessThan(endedBy60);
    await snapshot.close();
    const released = await store.stats({ listPins: true });
    expect(released.space).toMatchObject({ garbage: released.totals.history.bytes, held: [] });
    await store.compact();
    expect((await store.stats()).space).toMatchObject({ history: 0, garbage: 0, held: [] });
    await store.close();
  });

  it('count what was written since the handle was opened, not before', async () => {
    const backends = newBackends();
    const first = await open('memory:', { ...options, ...backends });
    await first.put('k', 'v'.repeat(1000), { timestamp: 10 });
    const before = (await first.stats()).amplification.write as number;
    expect(before).toBeGreaterThanOrEqual(1);
    await first.close();
    const second = await open('memory:', { ...options, ...backends });
    expect((await second.stats()).amplification.write).toBeUndefined();
    await second.put('k', 'v'.repeat(1000), { timestamp: 20 });
    expect((await second.stats()).amplification.write).toBeLessThanOrEqual(before);
    await second.close();
  });
});
