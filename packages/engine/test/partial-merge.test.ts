/** Merges into base that are cut in keys: in parts, side by side, whatever becomes of one of them. */
import { ClorthoError, systemClock } from '@clortho/base';
import { type VirtualClock, virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Store, type StoreEvent } from '../src/index.ts';
import { codeOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { type Backends, hookedObjects, newBackends, objectKeys } from './support/backends.ts';

const tuning = {
  threads: 0,
  blockBytes: 256,
  fileBytes: 1000,
  partBytes: 3000,
  deltaRuns: 4,
  runsMax: 4,
  jobs: 3,
} as const;
const KEYS = 200;

const keyOf = (index: number): string => `k${String(index).padStart(4, '0')}`;

/** Writes all keys with `value`, in one batch. */
async function fill(store: Store, value: string): Promise<number> {
  const operations = Array.from({ length: KEYS }, (_, index) => {
    return { type: 'put', key: keyOf(index), value: `${value}-${index}-${'x'.repeat(20)}` } as const;
  });
  return (await store.write(operations)).timestamp;
}

/** Lets time pass, and the jobs that it begins end. */
async function pass(clock: VirtualClock, store: Store, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await clock.advance(500);
    while ((await store.stats()).compaction.running.length > 0) await systemClock.sleep(0);
  }
}

async function replace({ objects }: Backends, key: string, bytes: Uint8Array): Promise<void> {
  await objects.delete([key]);
  await objects.put(key, bytes);
}

async function everything(store: Store, asOf?: number): Promise<string[]> {
  const forward = await rowsOf(store.scan({ asOf }));
  expect(await rowsOf(store.scan({ asOf, reverse: true }))).toEqual([...forward].reverse());
  return forward;
}

describe('a merge into base that is larger than a part', () => {
  it('is done in parts, and every read answers as before', async () => {
    const backends = newBackends();
    const options: OpenOptions = { ...backends, compaction: 'manual', tuning };
    const store = await open('memory:', options);
    await fill(store, 'old');
    await store.compact();
    const before = await fill(store, 'new');
    const after = await store.write([
      { type: 'deleteRange', start: keyOf(20), end: keyOf(120) },
      { type: 'put', key: keyOf(60), value: 'within' },
    ]);
    const [atBefore, now] = [await everything(store, before), await everything(store)];
    await store.compact();
    const { partial } = (await store.stats()).compaction;
    expect(partial).toBeGreaterThan(3);
    expect(await everything(store, before)).toEqual(atBefore);
    expect(await everything(store)).toEqual(now);
    expect(now).toHaveLength(KEYS - 100 + 1);
    expect(await versionsOf(store.history(keyOf(60), { from: before }))).toEqual([
      `${after.timestamp}:within`,
      `${before}:new-60-${'x'.repeat(20)}`,
    ]);
    const { totals } = await store.stats();
    expect(totals.delta.files).toBe(0);
    expect(totals.current.rows).toBe(KEYS - 100 + 1);
    await store.close();
    const again = await open('memory:', options);
    expect(await everything(again, before)).toEqual(atBefore);
    await again.close();
  });

  it.each([
    ['cannot be read', 'CLORTHO_UNAVAILABLE', /the disk says no/],
    ['is damaged', 'CLORTHO_CORRUPT', /checksum/],
  ])(
    'goes on beside a part whose input %s, which is reported and tried again, less and less often',
    async (_, code, error) => {
      const clock = virtualClock();
      const backends = newBackends();
      let broken: string | undefined;
      const objects = hookedObjects(backends.objects, (call, key) => {
        if (code === 'CLORTHO_UNAVAILABLE' && call === 'get' && key === broken)
          throw new ClorthoError(code, 'the disk says no');
        return undefined;
      });
      const options: OpenOptions = { ...backends, objects, clock, refreshMs: 1e9 };
      const first = await open('memory:', { ...options, compaction: 'manual', tuning });
      await fill(first, 'old');
      await first.compact();
      const entries = (await first.stats()).shards[0]?.families[0]?.entries ?? [];
      const files = entries.filter(({ tier }) => tier === 'current');
      broken = `sst/${files[Math.floor(files.length / 2)]?.id}.sst`;
      for (const value of ['a', 'b', 'c', 'd', 'e']) await fill(first, value);
      await first.close();
      const whole = await backends.objects.get(broken);
      if (code === 'CLORTHO_CORRUPT')
        await replace(
          backends,
          broken,
          whole.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
        );

      const events: StoreEvent[] = [];
      const store = await open('memory:', {
        ...options,
        tuning: { ...tuning, deltaRuns: 100 },
        onEvent: (event) => events.push(event),
      });
      await pass(clock, store, 120_000);
      const failing = (await store.stats()).compaction;
      expect(failing.partial).toBeGreaterThan(2);
      expect(failing.failures).toBeLessThan(12);
      expect(failing.failing).toMatchObject([{ family: 'default', error: expect.stringMatching(error) }]);
      expect(events).toMatchObject([
        { type: 'compactionFailing', place: { family: 'default', failures: 5 } },
      ]);
      expect(text(await store.get(keyOf(0)))).toMatch(/^e-0-/);
      expect(await codeOf(() => rowsOf(store.scan()))).toBe(code);

      if (code === 'CLORTHO_CORRUPT') await replace(backends, broken, whole);
      broken = undefined;
      await pass(clock, store, 240_000);
      const well = await store.stats();
      expect(well.compaction.failing).toEqual([]);
      expect(well.totals.delta.runs).toBeLessThanOrEqual(tuning.runsMax);
      expect(events.map(({ type }) => type)).toEqual(['compactionFailing', 'compactionRecovered']);
      expect(await everything(store)).toHaveLength(KEYS);
      // What the failed merges had written is garbage like any other.
      for (let gcPass = 0; gcPass < 3; gcPass += 1) await store.gc();
      const live = (await store.stats()).shards.flatMap(({ families }) =>
        families.flatMap((one) => one.entries),
      );
      const stored = await objectKeys(backends.objects, 'sst/');
      expect(stored.sort()).toEqual([...new Set(live.map(({ id }) => `sst/${id}.sst`))].sort());
      expect((await store.verify()).findings).toEqual([]);
      await store.close();
      expect(clock.pending).toBe(0);
    },
  );
});
