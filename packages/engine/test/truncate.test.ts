/** Truncating history: what stays exact, what throws, what is freed. */
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, type Snapshot } from '../src/index.ts';
import { codeOf, rowsOf, text, versionsOf } from './support/answers.ts';
import { hookedRegisters, newBackends, objectKeys, type RegisterHook } from './support/backends.ts';

const external: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  tuning: { threads: 0, blockBytes: 64, fileBytes: 200, historyBucketMs: 1 },
};

describe('truncateHistory', () => {
  it('keeps reads at the horizon and later exact, and refuses earlier ones in every call', async () => {
    const store = await open('memory:', { ...external, shards: ['m'] });
    for (let index = 1; index <= 12; index += 1) {
      await store.write(
        [
          { type: 'put', key: 'a', value: `${index}` },
          { type: 'put', key: 'z', value: `${index}` },
        ],
        { timestamp: index * 10_000 },
      );
      if (index % 4 === 0) await store.compact();
    }
    const { horizon } = await store.truncateHistory(65_000);
    expect(horizon).toBe(65_000);
    const early: (() => unknown)[] = [
      () => store.get('a', { asOf: 64_999 }),
      () => store.getMany(['a'], { asOf: 64_999 }),
      () => store.scan({ asOf: 64_999 }),
      () => store.history('a', { from: 64_999 }),
      () => store.get('absent', { asOf: 0 }),
    ];
    for (const compacted of [false, true]) {
      if (compacted) await store.compact();
      for (const call of early) expect(await codeOf(call)).toBe('CLORTHO_HISTORY_TRUNCATED');
      expect(await rowsOf(store.scan({ asOf: 65_000 }))).toEqual(['a=6', 'z=6']);
      expect(await rowsOf(store.scan({ asOf: 70_000 }))).toEqual(['a=7', 'z=7']);
      expect(await rowsOf(store.scan())).toEqual(['a=12', 'z=12']);
      expect(await versionsOf(store.history('a', { to: 80_000 }))).toEqual(['70000:7', '60000:6']);
    }
    await store.close();
  });

  it('unlinks whole files, says what it freed, and frees their objects at once', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...external, ...backends });
    for (let index = 1; index <= 40; index += 1) {
      await store.put('k', 'x'.repeat(500), { timestamp: index * 10_000 });
      if (index % 4 === 0) await store.compact();
    }
    const before = (await store.stats()).totals.history;
    const reads = backends.objects.counters.gets;
    const freed = await store.truncateHistory(390_000);
    expect(backends.objects.counters.gets).toBe(reads);
    const after = (await store.stats()).totals.history;
    expect(freed.filesDropped).toBe(before.files - after.files);
    expect(freed.bytesFreed).toBe(before.bytes - after.bytes);
    expect(freed.rowsDropped).toBe(before.rows - after.rows);
    expect(freed.filesDropped).toBeGreaterThan(2);
    expect(freed.objectsDeleted).toBe(freed.filesDropped);
    expect(text(await store.get('k'))).toHaveLength(500);
    const again = await store.truncateHistory(390_000);
    expect(again).toMatchObject({ filesDropped: 0, bytesFreed: 0, objectsDeleted: 0 });
    await store.close();
  });

  it('never moves the horizon back', async () => {
    const store = await open('memory:', external);
    await store.put('k', '1', { timestamp: 10 });
    await store.put('k', '2', { timestamp: 20 });
    await store.truncateHistory(20);
    await store.truncateHistory(10);
    expect(await codeOf(() => store.get('k', { asOf: 15 }))).toBe('CLORTHO_HISTORY_TRUNCATED');
    await store.close();
  });

  it('closes a time above the last commit, and refuses one that has not come', async () => {
    const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
    const store = await open('memory:', { ...external, time: 'clock', clock });
    await store.put('k', '1');
    await clock.advance(1000);
    const now = clock.now();
    expect(await codeOf(() => store.truncateHistory(now + 1))).toBe('CLORTHO_INVALID');
    await store.truncateHistory(now);
    expect((await store.put('k', '2')).timestamp).toBeGreaterThan(now);
    expect(text(await store.get('k', { asOf: now }))).toBe('1');
    await store.close();
    const other = await open('memory:', external);
    await other.put('k', '1', { timestamp: 10 });
    expect(await codeOf(() => other.truncateHistory(11))).toBe('CLORTHO_INVALID');
    await other.close();
  });

  it('leaves log families alone and reaches families that another handle created', async () => {
    const backends = newBackends();
    const left = await open('memory:', { ...external, ...backends, families: { log: { kind: 'log' } } });
    const right = await open('memory:', { ...external, ...backends });
    const late = await right.createFamily('late');
    for (const [index, name] of ['log', 'late'].entries()) {
      await right.put('k', 'v', { family: name, timestamp: 10 + index * 20 });
      await right.put('k', 'w', { family: name, timestamp: 20 + index * 20 });
    }
    await left.truncateHistory(40);
    const fresh = { atLeast: 'latest' } as const;
    expect(text(await right.get('k', { ...fresh, family: 'log', asOf: 10 }))).toBe('v');
    expect(await codeOf(() => late.get('k', { ...fresh, asOf: 31 }))).toBe('CLORTHO_HISTORY_TRUNCATED');
    await Promise.all([left.close(), right.close()]);
  });

  it('keeps what a snapshot pins, and frees it after the snapshot ended', async () => {
    const backends = newBackends();
    const store = await open('memory:', { ...external, ...backends });
    for (let index = 1; index <= 8; index += 1)
      await store.put('k', `${index}`, { timestamp: index * 10_000 });
    await store.compact();
    const snapshot = await store.snapshot();
    for (let index = 9; index <= 16; index += 1)
      await store.put('k', `${index}`, { timestamp: index * 10_000 });
    await store.truncateHistory(160_000);
    await store.compact();
    for (let pass = 0; pass < 3; pass += 1) await store.gc();
    expect(text(await snapshot.get('k'))).toBe('8');
    expect(text(await snapshot.get('k', { asOf: 45_000 }))).toBe('4');
    await snapshot.close();
    await store.compact();
    await store.truncateHistory(160_000);
    for (let pass = 0; pass < 3; pass += 1) await store.gc();
    expect((await store.stats()).totals.history.files).toBe(0);
    expect(await objectKeys(backends.objects, 'pin/')).toEqual([]);
    await store.close();
  });

  it('drops by the horizon that was there before the pins were read, whatever another process does meanwhile', async () => {
    const backends = newBackends();
    const tuning = { ...external.tuning, historyBucketMs: 0.01 };
    const other = await open('memory:', { ...external, ...backends, tuning });
    for (const timestamp of [5, 10, 20]) await other.put('k', `${timestamp}`, { timestamp });
    await other.compact();
    const snapshots: Snapshot[] = [];
    let swaps = 0;
    const hook: RegisterHook = async (call, keys, when) => {
      // The first swap of a head moves the horizon, the second one drops files.
      if (call !== 'swap' || when !== 'before' || !keys.some((key) => key.startsWith('shard/'))) return;
      swaps += 1;
      if (swaps !== 2) return;
      snapshots.push(await other.snapshot());
      for (const timestamp of [30, 40]) await other.put('k', `${timestamp}`, { timestamp });
      await other.compact();
      await other.truncateHistory(40);
    };
    const registers = hookedRegisters(backends.registers, hook);
    const store = await open('memory:', { ...external, ...backends, registers, tuning });
    await store.truncateHistory(15);
    expect(swaps).toBeGreaterThanOrEqual(2);
    // What was alive at 20, which the snapshot pins.
    expect((await store.stats()).totals.history.rows).toBe(1);
    expect(text(await snapshots[0]?.get('k'))).toBe('20');
    await Promise.all([store.close(), other.close()]);
  });
});
