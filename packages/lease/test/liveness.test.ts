/** What must go on, whatever others do. */
import { ClorthoError } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import {
  decodeLease,
  decodeSession,
  type Lease,
  type LeaseEvent,
  resourceKey,
  runAssigner,
  serveAssigned,
  sessionKey,
} from '../src/index.ts';
import { encodeSession } from '../src/session/session-record.ts';
import { simulated, TIMES } from './simulated.ts';
import { cuttable } from './wires.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

it.each([300, 600, 900])(
  'a process that crashes every %d ms keeps what it had from nobody',
  async (everyMs) => {
    const world = simulated();
    const wire = cuttable(world.registers);
    const first = await world.start('crashing', { registers: wire.registers });
    await first.acquire('x');
    wire.cut();
    const b = await world.start('b');
    const sinceMs = world.clock.monotonic();
    let taken: Lease | undefined;
    const taking = (async () => {
      taken = await b.acquire('x');
    })();
    const wires = [wire];
    const crashed = [first];
    while (taken === undefined && world.clock.monotonic() - sinceMs < 10 * TIMES.durationMs) {
      const next = cuttable(world.registers);
      crashed.push(await world.start('crashing', { registers: next.registers }));
      await world.clock.advance(everyMs);
      next.cut();
      wires.push(next);
    }
    expect(world.clock.monotonic() - sinceMs).toBeLessThanOrEqual(3 * TIMES.durationMs);
    const [register] = await world.registers.read([sessionKey('crashing')]);
    const { state, settled, generation } = decodeSession(register!.value, 'crashing');
    expect([state, settled > 1, settled <= generation]).toEqual(['live', true, true]);
    await taking;
    for (const mended of wires) mended.mend();
    await world.pass(Promise.all([...crashed, b].map((session) => session.close())));
    expect(world.clock.pending).toBe(0);
  },
);

describe('what one process says or writes', () => {
  it.each([{ weight: 2 as unknown as string }, { note: 'n'.repeat(20_000) }])(
    'is refused where others could not read it: %#',
    async (attributes) => {
      const world = simulated();
      await expect(world.start('a', { attributes })).rejects.toThrow(code('CLORTHO_INVALID'));
      const a = await world.start('a');
      expect(() => a.announce(attributes)).toThrow(code('CLORTHO_INVALID'));
      await world.clock.advance(1000);
      expect(a.valid).toBe(true);
      await world.pass(a.close());
    },
  );

  it('stops no assigner of another one, and no session that has it among its debts', async () => {
    const world = simulated();
    const value = Uint8Array.of(1, 2, 3);
    await world.registers.compareAndSwap([{ key: sessionKey('broken'), expect: 0, value }]);
    const a = await world.start('a', { attributes: { group: 'g' } });
    const stop = new AbortController();
    const { signal } = stop;
    const assigning = runAssigner(a, {
      group: 'g',
      resources: () => Promise.resolve([{ name: 'x' }]),
      signal,
    });
    const served: string[] = [];
    const serve = async ({ resource, signal: lost }: Lease): Promise<void> => {
      served.push(resource);
      await new Promise((resolve) => lost.addEventListener('abort', resolve));
    };
    const serving = serveAssigned(a, { group: 'g', serve, handOverMs: 10, signal });
    await world.clock.advance(5000);
    expect([served, a.events.includes('unreadable')]).toEqual([['x'], true]);
    stop.abort();
    await world.pass(Promise.all([assigning, serving]));

    const told = a.events.filter((event) => event === 'unreadable').length;
    await world.registers.compareAndSwap([{ key: resourceKey('bad'), expect: 0, value }]);
    a.disown('bad');
    await world.clock.advance(3000);
    expect(a.valid).toBe(true);
    expect(a.events.filter((event) => event === 'unreadable')).toHaveLength(told + 1);
    await world.pass(a.close());
  });
});

describe('registers that hold something else', () => {
  it('are told of and passed over by an assigner and those who serve', async () => {
    const world = simulated();
    const value = Uint8Array.of(1, 2, 3);
    const put = (key: string) => world.registers.compareAndSwap([{ key, expect: 0, value }]);
    await put(resourceKey('x1'));
    await put(resourceKey('nobody-wants-it'));
    await put('lease/plan/g/b');
    const told = new Set<string>();
    const onEvent = (event: LeaseEvent): void => {
      if (event.type === 'unreadable') told.add(event.register);
    };
    const attributes = { group: 'g' };
    const a = await world.start('a', { attributes, onEvent });
    const b = await world.start('b', { attributes });
    const stop = new AbortController();
    const { signal } = stop;
    const served: string[] = [];
    const serve = async ({ resource }: Lease, leaving: AbortSignal): Promise<void> => {
      served.push(resource);
      await new Promise((resolve) => leaving.addEventListener('abort', resolve));
    };
    const resources = () => Promise.resolve(['x0', 'x1', 'x2', 'x3'].map((name) => ({ name })));
    const working = Promise.all([
      runAssigner(a, { group: 'g', resources, intervalMs: 200, signal }),
      serveAssigned(a, { group: 'g', serve, intervalMs: 100, strayMs: 500, signal }),
    ]);
    working.catch(() => undefined);
    await world.clock.advance(3000);
    // A stray, beside one that cannot be read.
    const [register] = await world.registers.read([resourceKey('x0')]);
    await world.registers.compareAndSwap([{ key: resourceKey('stray'), expect: 0, value: register!.value }]);
    await world.clock.advance(3000);
    expect(served).toEqual(['x0', 'x2', 'x3']);
    expect([...told].sort()).toEqual(['lease/plan/g/b', resourceKey('nobody-wants-it'), resourceKey('x1')]);
    const [stray] = await world.registers.read([resourceKey('stray')]);
    expect(decodeLease(stray!.value, 'stray').owner).toBeUndefined();
    stop.abort();
    await world.pass(working);
    await world.pass(Promise.all([a.close(), b.close()]));
  });

  it('end those who serve where it is their own plan', async () => {
    const world = simulated();
    const a = await world.start('a', { attributes: { group: 'g' } });
    await world.registers.compareAndSwap([{ key: 'lease/plan/g/a', expect: 0, value: Uint8Array.of(1) }]);
    const serving = serveAssigned(a, { group: 'g', serve: () => Promise.resolve() });
    await expect(world.pass(serving)).rejects.toThrow(code('CLORTHO_CORRUPT'));
    await world.pass(a.close());
  });

  it('or names that cannot be are no resources for an assigner', async () => {
    const world = simulated();
    const a = await world.start('a', { attributes: { group: 'g' } });
    const resources = () => Promise.resolve([{ name: 'x'.repeat(901) }]);
    const assigning = runAssigner(a, { group: 'g', resources });
    await expect(world.pass(assigning)).rejects.toThrow(code('CLORTHO_INVALID'));
    await world.pass(a.close());
  });
});

it('debts are paid beside the renewals, however long each of them takes', async () => {
  const world = simulated();
  let isLost = false;
  let latencyMs = 1;
  const { registers } = world;
  const wire = {
    ...registers,
    async read(...[keys, options]: Parameters<typeof registers.read>) {
      await world.clock.sleep(latencyMs, options?.signal);
      return registers.read(keys);
    },
    async compareAndSwap(...[changes, options]: Parameters<typeof registers.compareAndSwap>) {
      if (isLost && changes[0]?.key.startsWith(resourceKey('')))
        throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'lost');
      await world.clock.sleep(latencyMs, options?.signal);
      return registers.compareAndSwap(changes);
    },
  };
  const a = await world.start('a', { registers: wire });
  const precious = await world.pass(a.acquire('precious'));
  const others: Lease[] = [];
  for (let index = 0; index < 16; index += 1) others.push(await world.pass(a.acquire(`x${index}`)));
  isLost = true;
  await world.pass(Promise.all(others.map((lease) => lease.release())));
  isLost = false;
  latencyMs = 80;
  await world.clock.advance(10_000);
  expect([precious.lost, a.metrics.generations]).toEqual([undefined, 1]);
  expect((await world.pass(a.acquire('x7'))).token).toBe(2);
  await world.pass(a.close());
});

it('a campaign of a session that failed throws why, and says no end that somebody wanted', async () => {
  const world = simulated();
  const a = await world.start('a');
  const campaigning = (async () => {
    for await (const term of a.campaign('leader'))
      await new Promise((resolve) => term.signal.addEventListener('abort', resolve));
  })();
  await world.clock.advance(100);
  const [own] = await world.registers.read([sessionKey('a')]);
  const change = { key: sessionKey('a'), expect: own!.version, value: Uint8Array.of(1) };
  await world.registers.compareAndSwap([change]);
  await expect(world.pass(campaigning)).rejects.toMatchObject({
    code: 'CLORTHO_CLOSED',
    cause: { code: 'CLORTHO_CORRUPT' },
  });
  expect(a.ended).toBe('failed');
  await world.pass(a.close());
});

it('work that ends because its lease was lost is served again when there is a lease', async () => {
  const world = simulated();
  const wire = cuttable(world.registers);
  const a = await world.start('a', { attributes: { group: 'g' }, registers: wire.registers });
  const stop = new AbortController();
  const { signal } = stop;
  const tokens: number[] = [];
  const serve = async (lease: Lease, leaving: AbortSignal): Promise<void> => {
    tokens.push(lease.token);
    while (!leaving.aborted) {
      await world.clock.sleep(50);
      lease.assertValid();
    }
  };
  const working = Promise.all([
    runAssigner(a, { group: 'g', resources: () => Promise.resolve([{ name: 'x' }]), signal }),
    serveAssigned(a, { group: 'g', serve, intervalMs: 100, signal }),
  ]);
  working.catch(() => undefined);
  await world.clock.advance(5000);
  wire.cut();
  await world.clock.advance(3000);
  wire.mend();
  await world.clock.advance(5000);
  expect(tokens).toEqual([1, 2]);
  stop.abort();
  await world.pass(working);
  await world.pass(a.close());
});

describe('many who wait in one process', () => {
  it('give up in time, also behind others whose looks hang', async () => {
    const world = simulated();
    let isHanging = false;
    const { registers } = world;
    const wire = {
      ...registers,
      async read(...[keys, options]: Parameters<typeof registers.read>) {
        if (isHanging) await world.clock.sleep(1e6, options?.signal);
        return registers.read(keys);
      },
    };
    const [a, b] = [await world.start('a'), await world.start('b', { registers: wire })];
    await a.acquire('x');
    isHanging = true;
    const sinceMs = world.clock.monotonic();
    const ends: unknown[] = [];
    const wait = async (options: { waitMs?: number; signal?: AbortSignal }): Promise<void> => {
      const error: unknown = await b.acquire('x', options).catch((caught: unknown) => caught);
      ends.push([(error as ClorthoError).code, Math.ceil((world.clock.monotonic() - sinceMs) / 100)]);
    };
    const abort = new AbortController();
    const waits = Array.from({ length: 20 }, () => wait({ waitMs: 150 }));
    waits.push(wait({ signal: abort.signal }));
    await world.clock.advance(50);
    abort.abort();
    await world.clock.advance(1000);
    expect(ends).toHaveLength(21);
    expect(ends[0]).toEqual(['CLORTHO_ABORTED', 1]);
    expect(ends.slice(1).every((end) => (end as [string, number])[1] <= 3)).toBe(true);
    isHanging = false;
    await Promise.all(waits);
    await world.pass(Promise.all([a.close(), b.close()]));
    expect(world.clock.pending).toBe(0);
  });

  it('look when their own resource changes, not when another one does', async () => {
    const world = simulated();
    const [a, b] = [await world.start('a'), await world.start('b')];
    const abort = new AbortController();
    for (let index = 0; index < 20; index += 1) await a.acquire(`x${index}`);
    const waits = Array.from({ length: 20 }, (_, index) => b.acquire(`x${index}`, { signal: abort.signal }));
    const over = Promise.allSettled(waits);
    const readsOf = async (work: () => Promise<void>): Promise<number> => {
      const before = world.registers.counters.reads;
      for (let turn = 0; turn < 20; turn += 1) {
        await work();
        await world.clock.advance(50);
      }
      return world.registers.counters.reads - before;
    };
    const idle = await readsOf(() => Promise.resolve());
    const busy = await readsOf(async () => (await b.acquire('mine')).release());
    expect(busy).toBeLessThan(1.5 * idle);
    abort.abort();
    await over;
    await world.pass(Promise.all([a.close(), b.close()]));
  });
});

it('a session is closed once, by whomever, and whatever is under way', async () => {
  const world = simulated();
  const { registers } = world;
  let isSlow = false;
  const wire = {
    ...registers,
    async compareAndSwap(...[changes]: Parameters<typeof registers.compareAndSwap>) {
      const result = await registers.compareAndSwap(changes);
      if (isSlow) await world.clock.sleep(50);
      return result;
    },
  };
  const a = await world.start('a', { registers: wire });
  const lease = await a.acquire('x');
  let inner: Promise<void> | undefined;
  lease.signal.addEventListener('abort', () => {
    inner = a.close();
  });
  const outer = a.close();
  expect(inner).toBe(outer);
  await world.pass(outer);

  // Closed while it begins again.
  const b = await world.start('b', { registers: wire });
  isSlow = true;
  world.clock.shiftNow(3_600_000_000);
  expect(b.valid).toBe(false);
  await world.clock.advance(20);
  await world.pass(b.close());
  expect([b.valid, b.remainingMs, b.ended]).toEqual([false, 0, 'closed']);
  const [register] = await registers.read([sessionKey('b')]);
  expect(decodeSession(register!.value, 'b').state).toBe('ended');
  expect(world.clock.pending).toBe(0);
});

it('a second release is over when the first is', async () => {
  const world = simulated();
  const a = await world.start('a');
  const lease = await a.acquire('x');
  const [first, second] = [lease.release(), lease.release()];
  expect(second).toBe(first);
  await first;
  await world.pass(a.close());
});

it('a start that is replaced before it succeeds says so', async () => {
  const world = simulated();
  const { registers } = world;
  let isFirst = true;
  const wire = {
    ...registers,
    async compareAndSwap(...[changes]: Parameters<typeof registers.compareAndSwap>) {
      const result = await registers.compareAndSwap(changes);
      if (!isFirst) return result;
      isFirst = false;
      // It is told too late, and another one has its name by then.
      world.clock.shiftNow(60_000_000);
      const [own] = await registers.read([sessionKey('a')]);
      const found = decodeSession(own!.value, 'a');
      const value = encodeSession({ ...found, generation: 2, nonce: 'another' });
      await registers.compareAndSwap([{ key: sessionKey('a'), expect: own!.version, value }]);
      return result;
    },
  };
  await expect(world.start('a', { registers: wire })).rejects.toThrow(code('CLORTHO_FENCED'));
  expect(world.clock.pending).toBe(0);
});

it('any number of waits may share a signal, without a warning', async () => {
  const world = simulated();
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown): void => {
    warnings.push(warning);
  };
  process.on('warning', onWarning);
  const [a, b] = [await world.start('a'), await world.start('b')];
  const abort = new AbortController();
  const waits: Promise<unknown>[] = [];
  for (let index = 0; index < 12; index += 1) {
    await a.acquire(`x${index}`);
    waits.push(b.acquire(`x${index}`, { signal: abort.signal }));
  }
  const over = Promise.allSettled(waits);
  await world.clock.advance(500);
  abort.abort();
  await over;
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
  await world.pass(Promise.all([a.close(), b.close()]));
});

it('a name that is not to be taken over is refused while its session may live, and taken when that is over', async () => {
  const world = simulated();
  const wire = cuttable(world.registers);
  const first = await world.start('a', { takeOver: false, registers: wire.registers });
  const lease = await first.acquire('x');
  await expect(world.start('a', { takeOver: false })).rejects.toThrow(code('CLORTHO_CONFLICT'));
  await world.clock.advance(2 * TIMES.renewMs);
  expect([lease.valid, first.ended]).toEqual([true, undefined]);
  // Lapsed, it begins its own name again.
  wire.cut();
  await world.clock.advance(2 * TIMES.durationMs);
  wire.mend();
  await world.clock.advance(TIMES.renewMs);
  expect([first.valid, first.metrics.generations]).toEqual([true, 2]);
  const again = await first.acquire('x');
  // Fenced by others, or closed, it is over.
  wire.cut();
  const b = await world.start('b');
  const taken = await world.pass(b.acquire('x'));
  const second = await world.start('a', { takeOver: false });
  expect([again.lost, taken.token]).toEqual(['expired', 3]);
  wire.mend();
  await world.clock.advance(TIMES.renewMs);
  expect(first.ended).toBe('replaced');
  await world.pass(second.close());
  const third = await world.start('a', { takeOver: false });
  expect(third.id.generation).toBe(4);
  await world.pass(Promise.all([first, b, third].map((session) => session.close())));
  expect(world.clock.pending).toBe(0);
});

it.each(
  [
    'list lease/session/',
    'list lease/plan/',
    'list lease/resource/',
    'read lease/plan/',
    'swap lease/session/b',
    'swap lease/plan/',
  ].flatMap(
    (stuck) =>
      [
        [stuck, 'signal'],
        [stuck, 'session'],
      ] as const,
  ),
)('an assigner and those who serve end when a call hangs (%s) and their %s ends', async (stuck, end) => {
  const world = simulated();
  const { registers } = world;
  let isStuck = false;
  let hanging = 0;
  const hang = async (call: string, signal: AbortSignal | undefined): Promise<void> => {
    if (!isStuck || !call.startsWith(stuck)) return;
    hanging += 1;
    await world.clock.sleep(1e9, signal);
  };
  const wire = {
    ...registers,
    async read(...[keys, options]: Parameters<typeof registers.read>) {
      await hang(`read ${keys[0]}`, options?.signal);
      return registers.read(keys);
    },
    async compareAndSwap(...[changes, options]: Parameters<typeof registers.compareAndSwap>) {
      await hang(`swap ${changes[0]?.key}`, options?.signal);
      return registers.compareAndSwap(changes);
    },
    async *list(...[prefix, options]: Parameters<typeof registers.list>) {
      await hang(`list ${prefix}`, options?.signal);
      yield* registers.list(prefix);
    },
  };
  const silent = cuttable(registers);
  const b = await world.start('b', { attributes: { group: 'g' }, registers: silent.registers });
  const a = await world.start('a', { attributes: { group: 'g' }, registers: wire });
  const stop = new AbortController();
  const { signal } = stop;
  const serve = (lease: Lease, leaving: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      lease.signal.addEventListener('abort', () => resolve());
      leaving.addEventListener('abort', () => resolve());
    });
  const resources = () => Promise.resolve([{ name: 'x' }, { name: 'y' }]);
  const working = Promise.all([
    runAssigner(a, { group: 'g', resources, signal }),
    serveAssigned(a, { group: 'g', serve, strayMs: 100, signal }),
  ]);
  await world.clock.advance(100);
  isStuck = true;
  silent.cut();
  // The assigner is about to end the silent one, and to plan anew.
  await world.clock.advance(2 * TIMES.durationMs);
  if (end === 'signal') stop.abort();
  const closing = end === 'session' ? a.close() : undefined;
  const sinceMs = world.clock.monotonic();
  await world.pass(working);
  expect([hanging > 0, world.clock.monotonic() - sinceMs <= TIMES.attemptMs]).toEqual([true, true]);
  isStuck = false;
  silent.mend();
  await world.pass(Promise.all([closing, a.close(), b.close()]));
  expect(world.clock.pending).toBe(0);
});

it('a claim that comes too late is counted', async () => {
  const world = simulated();
  const [a, b] = [await world.start('a'), await world.start('b')];
  const leases = await Promise.all([a.tryAcquire('x'), b.tryAcquire('x')]);
  expect([
    leases.filter((lease) => lease !== undefined).length,
    a.metrics.claimsLost + b.metrics.claimsLost,
  ]).toEqual([1, 1]);
  await world.pass(Promise.all([a.close(), b.close()]));
});
