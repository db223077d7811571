/** Compaction in an open store: failures, rivals, aborts. */
import { ClorthoError, randomFraction, seededRandom, systemClock } from '@clortho/base';
import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { type MergeOperator, type OpenOptions, open } from '../src/index.ts';
import { codeOf, rowsOf, text } from './support/answers.ts';
import { hookedObjects, newBackends, newGate } from './support/backends.ts';

const small = { threads: 0, blockBytes: 64, fileBytes: 300, deltaRuns: 2, runsMax: 2 } as const;

/** Appends, but fails on operands that say so once it is told to. */
function brittle(): { readonly operator: MergeOperator; isBroken: boolean; calls: number } {
  const state = {
    isBroken: false,
    calls: 0,
    operator: {
      name: 'brittle',
      version: 1,
      merge(older: Uint8Array, newer: Uint8Array): Uint8Array {
        state.calls += 1;
        if (state.isBroken) throw new Error('the operator is broken');
        return new Uint8Array([...older, ...newer]);
      },
    },
  };
  return state;
}

describe('compaction', () => {
  it('that fails in a merge operator leaves the store serving, shows in stats, and does not spin', async () => {
    const clock = virtualClock();
    const state = brittle();
    const store = await open('memory:', {
      clock,
      tuning: small,
      refreshMs: 1e9,
      families: { f: { merge: state.operator } },
    });
    state.isBroken = true;
    for (let index = 0; index < 8; index += 1) {
      await store.write([
        { type: 'merge', key: 'k', value: `${index}`, family: 'f' },
        { type: 'put', key: `k${index}`, value: 'v' },
      ]);
      await clock.advance(0);
    }
    await clock.advance(5);
    const first = (await store.stats()).compaction;
    expect(first.failures).toBeGreaterThanOrEqual(1);
    expect(first.failures).toBeLessThanOrEqual(3);
    expect(first.lastError).toContain('the operator is broken');
    expect(first.running).toEqual([]);
    const calls = state.calls;
    for (let turn = 0; turn < 50; turn += 1) {
      await store.put('other', `${turn}`);
      await clock.advance(1);
    }
    expect(state.calls - calls).toBeLessThanOrEqual(2);
    expect(await rowsOf(store.scan({ prefix: 'k' }))).toHaveLength(8);
    await clock.advance(600_000);
    expect((await store.stats()).compaction.failures).toBeLessThan(30);
    state.isBroken = false;
    expect(text(await store.get('k', { family: 'f' }))).toBe('01234567');
    await clock.advance(61_000);
    expect((await store.stats()).shards[0]?.families[1]?.delta.runs).toBeLessThan(8);
    expect(text(await store.get('k', { family: 'f' }))).toBe('01234567');
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('keeps a thread for small merges while large ones go on', async () => {
    const backends = newBackends();
    const gate = newGate();
    let isBlocked = false;
    const objects = hookedObjects(backends.objects, (call, key) =>
      isBlocked && call === 'get' && key.startsWith('sst/') ? gate.wait() : undefined,
    );
    const families = { f: {}, g: {} };
    const options = { ...backends, objects, families, tableBytes: 0, cacheBytes: 0 };
    const filling = await open('memory:', { ...options, compaction: 'manual' });
    for (const family of ['default', 'f', 'g'])
      for (const value of ['a', 'b', 'c']) await filling.put('k', value, { family });
    await filling.close();
    isBlocked = true;
    const store = await open('memory:', { ...options, tuning: { ...small, deltaRuns: 3, jobs: 2 } });
    const running = async (): Promise<readonly string[]> =>
      (await store.stats()).compaction.running.map(({ reason }) => reason);
    for (let turn = 0; turn < 20; turn += 1) await systemClock.sleep(0);
    expect(await running()).toEqual(['3 delta runs are more than 2']);
    for (let turn = 0; turn < 20 && (await running()).length < 2; turn += 1) {
      await store.put('k', 'd', { family: 'g' });
      await systemClock.sleep(0);
    }
    expect((await running())[1]).toMatch(/of too many delta runs/);
    gate.open();
    await store.close();
  });

  it('merges what is left once nobody has written for a while, and then looks no more', async () => {
    const clock = virtualClock();
    const store = await open('memory:', { clock, tuning: { threads: 0 }, refreshMs: 1e9 });
    for (const value of ['a', 'b', 'c']) await store.put('k', value);
    await clock.advance(20_000);
    expect((await store.stats()).totals.delta.runs).toBe(3);
    await clock.advance(40_000);
    // A merge takes turns of the event loop, however its clock moves: more of them where the machine is busy.
    const isDone = async (): Promise<boolean> =>
      (await store.stats()).compaction.jobs > 0 && clock.pending === 1;
    for (let turn = 0; turn < 2000 && !(await isDone()); turn += 1) await systemClock.sleep(0);
    const { totals, compaction } = await store.stats();
    expect([totals.delta.runs, totals.current.files, compaction.jobs]).toEqual([0, 1, 1]);
    expect(text(await store.get('k'))).toBe('c');
    // The one that refreshes.
    expect(clock.pending).toBe(1);
    await store.put('k', 'd');
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('asked for by hand reports the failure to the caller', async () => {
    const state = brittle();
    const store = await open('memory:', {
      compaction: 'manual',
      tuning: small,
      families: { f: { merge: state.operator } },
    });
    for (const value of ['a', 'b']) await store.family('f').merge('k', value);
    state.isBroken = true;
    await expect(store.compact()).rejects.toThrow('the operator is broken');
    state.isBroken = false;
    await store.compact();
    expect(text(await store.family('f').get('k'))).toBe('ab');
    await store.close();
  });

  it('by two handles at once, with writers beside them, loses and doubles nothing', async () => {
    const backends = newBackends();
    const options: OpenOptions = {
      ...backends,
      tuning: small,
      shards: 2,
      families: { f: { merge: 'append' } },
    };
    const stores = await Promise.all([1, 2].map(() => open('memory:', options)));
    let expected = '';
    for (let round = 0; round < 25; round += 1) {
      const letter = String.fromCharCode(97 + round);
      const [writer, other] = round % 2 === 0 ? stores : [...stores].reverse();
      await writer?.write([
        { type: 'merge', key: 'k', value: letter, family: 'f' },
        { type: 'put', key: Uint8Array.of(200, round), value: letter },
      ]);
      expected += letter;
      await Promise.all([writer?.compact(), other?.compact()]);
      expect(text(await other?.get('k', { family: 'f', atLeast: 'latest' }))).toBe(expected);
    }
    for (const store of stores) expect(await rowsOf(store.scan({ atLeast: 'latest' }))).toHaveLength(25);
    await Promise.all(stores.map((store) => store.close()));
    const reopened = await open('memory:', { ...options, compaction: 'manual' });
    expect(text(await reopened.get('k', { family: 'f' }))).toBe(expected);
    await reopened.close();
  });

  it('in the background is interrupted by close(), and nothing is lost', async () => {
    const backends = newBackends();
    const gate = newGate();
    let isStalling = false;
    const objects = hookedObjects(backends.objects, (call, key, signal) => {
      if (!isStalling || call !== 'get' || !key.startsWith('sst/')) return undefined;
      return Promise.race([
        gate.wait(),
        new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new ClorthoError('CLORTHO_ABORTED', 'aborted'))),
        ),
      ]);
    });
    const tuning = { ...small, runsHard: 100 };
    const store = await open('memory:', { ...backends, objects, tuning, tableBytes: 0, cacheBytes: 0 });
    isStalling = true;
    for (let index = 0; index < 30; index += 1) await store.put(`k${index}`, 'v');
    await gate.reached;
    await store.close();
    gate.open();
    const again = await open('memory:', { ...backends, tuning: small, compaction: 'manual' });
    expect(await rowsOf(again.scan())).toHaveLength(30);
    await again.close();
  });

  it('can be aborted by its caller and started again', async () => {
    const store = await open('memory:', { compaction: 'manual', tuning: small });
    for (let index = 0; index < 10; index += 1) await store.put(`k${index}`, 'v');
    expect(await codeOf(() => store.compact({ signal: AbortSignal.abort() }))).toBe('CLORTHO_ABORTED');
    await store.compact();
    const { totals } = await store.stats();
    expect([totals.delta.files, totals.current.rows]).toEqual([0, 10]);
    await store.close();
  });
});

describe('a sorted load in large batches', () => {
  it('is written once: files go into base as they are, also those that fall between others', async () => {
    const store = await open('memory:', { compaction: 'manual', tuning: { ...small, moveBytes: 1000 } });
    const random = seededRandom(1);
    const write = (from: number, to: number, step: number, value: string) =>
      store.write(
        Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => ({
          type: 'put' as const,
          key: (from + index * step).toString().padStart(5, '0'),
          value: `${value} ${randomFraction(random)}`,
        })),
      );
    for (const start of [0, 1000, 3000, 4000, 2000]) await write(start, start + 1000, 10, 'loaded');
    expect(await store.compact()).toMatchObject({ jobs: 0, moves: 1, bytesWritten: 0 });
    const { totals } = await store.stats();
    expect([totals.delta.files, totals.current.files, totals.current.runs]).toEqual([0, 5, 1]);
    expect((await rowsOf(store.scan())).length).toBe(500);
    const before = await store.snapshot();
    await write(500, 4500, 100, 'changed');
    await store.del('00000');
    // What the moved files hold is merged, ended and cut like anything else in Current.
    expect((await store.compact()).jobs).toBeGreaterThan(0);
    expect(text(await store.get('00600'))).toMatch(/changed/);
    expect(text(await before.get('00600'))).toMatch(/loaded/);
    expect((await rowsOf(store.scan())).length).toBe(499);
    expect((await rowsOf(before.scan())).length).toBe(500);
    await before.close();
    expect((await store.verify()).findings).toEqual([]);
    await store.close();
  });
});
