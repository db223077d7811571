import { randomBelow, seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import {
  type Fault,
  type FaultPlan,
  faultTrace,
  faultyObjectStore,
  faultyRegisterStore,
  simulatedProcess,
  virtualClock,
} from '../../src/index.ts';
import { settle, watch } from './answers.ts';
import { tinyObjects, tinyRegisters } from './tiny-backends.ts';

const value = Uint8Array.of(1);

function world(plan: Partial<FaultPlan> = {}, seed = 1) {
  const clock = virtualClock();
  const trace = faultTrace(clock);
  const process = simulatedProcess({ name: 'p', clock, trace });
  const inner = tinyRegisters();
  const all = { clock, random: seededRandom(seed), process, trace, ...plan };
  const registers = faultyRegisterStore(inner, all);
  const objects = faultyObjectStore(tinyObjects(), all);
  const swap = (key = 'a') => registers.compareAndSwap([{ key, expect: 0, value }]);
  const has = async (key: string): Promise<boolean> => (await inner.read([key]))[0] !== undefined;
  return { clock, has, inner, objects, process, registers, swap, trace };
}

describe('a simulated process', () => {
  it('runs like any other until it crashes', async () => {
    const { clock, process, swap, objects } = world();
    await expect(swap()).resolves.toEqual({ applied: true });
    await expect(objects.get('absent')).rejects.toMatchObject({ code: 'CLORTHO_NOT_FOUND' });
    const sleep = watch(process.clock.sleep(5));
    await clock.advance(5);
    expect([sleep.outcome, process.crashed]).toEqual(['resolved undefined', false]);
    expect([process.clock.now(), process.clock.monotonic()]).toEqual([clock.now(), clock.monotonic()]);
    await expect(process.fence(Promise.reject(new Error('own')))).rejects.toThrow('own');
  });

  it('hears nothing after its crash: no reply, no error, no end of a sleep, not even in a finally', async () => {
    const { clock, objects, process, registers, swap } = world({
      script: [{ call: 'read', fault: { kind: 'errorBeforeEffect', beforeMs: 5 } }],
    });
    let isCleaned = false;
    const work = async (): Promise<void> => {
      try {
        await process.clock.sleep(10);
      } finally {
        isCleaned = true;
      }
    };
    const controller = new AbortController();
    const calls = [
      registers.read(['a']),
      work(),
      process.clock.sleep(20, controller.signal),
      process.fence(Promise.resolve()),
      process.fence(Promise.reject(new Error('unheard'))),
    ].map(watch);
    process.crash();
    process.crash();
    const later = [swap(), objects.head('a'), process.clock.sleep(1), registers.close()].map(watch);
    const listing = watch(registers.list('')[Symbol.asyncIterator]().next());
    await clock.advance(100);
    controller.abort();
    await settle();
    expect([...calls, ...later, listing].map(({ outcome }) => outcome)).toEqual(Array(10).fill('pending'));
    expect([process.crashed, isCleaned, clock.pending]).toEqual([true, false, 0]);
  });

  it('tells those who look after it', async () => {
    const { process } = world();
    const told = watch(process.whenCrashed);
    await settle();
    expect(told.outcome).toBe('pending');
    process.crash();
    await settle();
    expect(told.outcome).toBe('resolved undefined');
  });

  it('stops in the middle of a listing', async () => {
    const { inner, process, registers } = world();
    for (const key of ['a', 'b']) await inner.compareAndSwap([{ key, expect: 0, value }]);
    const seen: string[] = [];
    const list = async (): Promise<void> => {
      for await (const { key } of registers.list('')) {
        seen.push(key);
        process.crash();
      }
    };
    const listing = watch(list());
    await settle();
    expect([seen, listing.outcome]).toEqual([['a'], 'pending']);
  });

  it('sends nothing after its crash, and leaves to chance what is on the wire', async () => {
    const landed = { first: 0, later: 0 };
    for (let seed = 0; seed < 40; seed += 1) {
      const delay: Fault = { kind: 'delay', beforeMs: 10 };
      const { clock, has, process, swap } = world({ script: [{ call: 'swap', fault: delay }] }, seed);
      const call = watch(swap('first'));
      process.crash();
      watch(swap('later'));
      await clock.advance(10);
      expect(call.outcome).toBe('pending');
      if (await has('first')) landed.first += 1;
      if (await has('later')) landed.later += 1;
    }
    expect(landed.later).toBe(0);
    expect(landed.first).toBeGreaterThan(5);
    expect(landed.first).toBeLessThan(35);
  });

  it.each<[string, Fault, readonly boolean[]]>([
    ['before its swap was sent', { kind: 'crash', lands: false }, [false, false, false]],
    ['after its swap was applied', { kind: 'crash', lands: true }, [true, true, true]],
    [
      'while its swap is under way',
      { kind: 'crash', lands: true, beforeMs: 5, laterMs: 10 },
      [false, false, true],
    ],
  ])('crashes %s', async (_, fault, landed) => {
    const { clock, has, process, swap } = world({ script: [{ call: 'swap', fault }] });
    const call = watch(swap());
    const seen: boolean[] = [];
    for (const ms of [0, 10, 10]) {
      await clock.advance(ms);
      seen.push(await has('a'));
    }
    expect([call.outcome, process.crashed, seen]).toEqual(['pending', true, landed]);
  });

  it('repeats itself: the same seed, the same trace', async () => {
    const run = async (seed: number): Promise<string> => {
      const clock = virtualClock();
      const trace = faultTrace(clock);
      const registers = tinyRegisters();
      const objects = tinyObjects();
      const random = seededRandom(seed);
      const rates = {
        delay: 0.3,
        errorBeforeEffect: 0.05,
        errorAfterEffect: 0.1,
        applyLater: 0.1,
        duplicate: 0.1,
        throttle: 0.01,
        hang: 0.02,
        crash: 0.01,
      };
      const client = async (name: string): Promise<void> => {
        const process = simulatedProcess({ name, clock, trace });
        const plan: FaultPlan = { clock, random, process, rates, hopsMax: 3, trace };
        const [mine, blobs] = [faultyRegisterStore(registers, plan), faultyObjectStore(objects, plan)];
        for (let round = 0; round < 30; round += 1) {
          const key = 'abc'.charAt(randomBelow(random, 3));
          const { signal } = new AbortController();
          const read = await mine.read([key], { signal }).catch(() => undefined);
          const expect = read?.[0]?.version ?? 0;
          await blobs.put(key, value, { signal }).catch(() => undefined);
          await mine.compareAndSwap([{ key, expect, value }], { signal }).catch(() => undefined);
          await process.clock.sleep(randomBelow(random, 20));
        }
      };
      const clients = ['p', 'q', 'r'].map((name) => watch(client(name)));
      while (clock.nextDueMs !== undefined) await clock.advance(clock.nextDueMs);
      expect(clients).toHaveLength(3);
      return trace.text();
    };
    const traces = await Promise.all([run(1), run(2)]);
    expect(await run(1)).toBe(traces[0]);
    expect(traces[0]).not.toBe(traces[1]);
    for (const kind of ['errorBeforeEffect', 'errorAfterEffect', 'applyLater', 'duplicate', 'delay']) {
      expect(traces.join()).toContain(`! ${kind}`);
    }
  });
});
