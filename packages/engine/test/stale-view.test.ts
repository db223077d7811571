/** Calls on a handle that has not looked at the store for long: they lose their race, look again, and succeed. */
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store } from '../src/index.ts';
import { rowsOf, text } from './support/answers.ts';
import { type Backends, hookedRegisters, newBackends, newGate } from './support/backends.ts';

const TAIL = 2;
const quiet: OpenOptions = {
  compaction: 'manual',
  refreshMs: 1e9,
  tuning: { threads: 0, tailEdits: TAIL, blockBytes: 64, fileBytes: 300 },
};

/** Opens a handle, after `commits` of another one, whose checkpoints are then replaced and deleted. */
async function staleHandle(commits: number, options: OpenOptions): Promise<[Store, Store]> {
  const writer = await open('memory:', options);
  for (let index = 0; index < commits; index += 1) await writer.put(`k${index}`, 'old');
  const stale = await open('memory:', options);
  for (let index = 0; index < 60; index += 1) await writer.put(`k${index}`, 'new');
  for (let pass = 0; pass < 4; pass += 1) {
    await (options.clock as ReturnType<typeof virtualClock>).advance(1000);
    await writer.gc();
  }
  return [stale, writer];
}

describe('a handle whose checkpoints are gone', () => {
  const calls: Record<string, (store: Store, now: number) => Promise<unknown>> = {
    'reads as of now': (store, now) => store.get('k1', { asOf: now }),
    'truncates history': (store, now) => store.truncateHistory(now),
    writes: (store) => store.put('k1', 'new'),
    merges: (store) => store.compact(),
    'collects garbage': (store) => store.gc(),
    'takes a snapshot': async (store) => (await store.snapshot()).close(),
  };

  it.each(Object.entries(calls))('%s', async (_, call) => {
    for (let commits = 1; commits <= 2 * TAIL + 1; commits += 1) {
      const clock = virtualClock();
      const [stale, writer] = await staleHandle(commits, { ...quiet, ...newBackends(), clock });
      await call(stale, clock.now());
      expect(text(await stale.get('k1', { atLeast: 'latest' }))).toBe('new');
      await Promise.all([stale.close(), writer.close()]);
    }
  });
});

describe('heads of many shards', () => {
  it('stay short however many files one change adds or removes, so that all are read at once', async () => {
    const backends: Backends = newBackends();
    const splits = Array.from({ length: 23 }, (_, index) => `s${String(index + 1).padStart(3, '0')}`);
    const options: OpenOptions = {
      ...quiet,
      ...backends,
      tuning: { threads: 0, blockBytes: 64, fileBytes: 64 },
    };
    const store = await open('memory:', { ...options, shards: splits });
    const keys = ['s000', ...splits].flatMap((shard) =>
      Array.from({ length: 120 }, (_, index) => `${shard}/${String(index).padStart(50, '0')}`),
    );
    await store.write(keys.map((key) => ({ type: 'put', key, value: 'v'.repeat(80) })));
    await store.compact();
    expect((await store.stats()).totals.current.files).toBeGreaterThan(24 * 100);
    let longest = 0;
    for await (const { value } of backends.registers.list('shard/'))
      longest = Math.max(longest, value.length);
    expect(longest).toBeLessThan(8192);
    const again = await open('memory:', options);
    expect(await rowsOf(again.scan())).toHaveLength(keys.length);
    await Promise.all([store.close(), again.close()]);
  });
});

describe('refreshes', () => {
  it('are one at a time, whichever turn they begin in', async () => {
    for (let turns = 0; turns < 16; turns += 1) {
      const backends = newBackends();
      const writer = await open('memory:', { ...quiet, ...backends });
      await writer.put('k', 'v');
      let gates: ReturnType<typeof newGate>[] | undefined;
      const registers = hookedRegisters(backends.registers, async (call, keys, when) => {
        if (call !== 'read' || when !== 'after' || !keys[0]?.startsWith('shard/')) return;
        const gate = newGate();
        gates?.push(gate);
        if (gates !== undefined) await gate.wait();
      });
      const store = await open('memory:', { ...quiet, ...backends, registers });
      const reading: ReturnType<typeof newGate>[] = [];
      gates = reading;
      const look = (): Promise<unknown> => store.get('k', { atLeast: 'latest' });
      const reads = [look()];
      await nextTurn();
      reads.push(look());
      await nextTurn();
      reading.shift()?.open();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      reads.push(look());
      await nextTurn();
      await nextTurn();
      expect(reading.length, `after ${turns} turns`).toBeLessThanOrEqual(1);
      gates = undefined;
      for (const gate of reading) gate.open();
      await Promise.all(reads);
      await Promise.all([store.close(), writer.close()]);
    }
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
