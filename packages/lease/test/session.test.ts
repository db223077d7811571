import { ClorthoError, seededRandom } from '@clortho/base';
import { memoryRegisterStore, type RegisterStore } from '@clortho/registers';
import { type FaultPlan, faultyRegisterStore, localClock, type ScriptedFault } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { decodeSession, LeaseSession, resourceKey, sessionKey } from '../src/index.ts';
import { simulated, TIMES } from './simulated.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** Registers behind a wire that fails as told. */
function faulty(world: ReturnType<typeof simulated>, plan: Partial<FaultPlan>): RegisterStore {
  const inner = world.registers;
  return faultyRegisterStore(inner, {
    clock: world.clock,
    random: seededRandom(1),
    ...plan,
  }) as RegisterStore;
}

describe('a lease', () => {
  it('is granted to one, with a token that grows', async () => {
    const world = simulated();
    const [a, b] = [await world.start('a'), await world.start('b')];
    const first = await a.acquire('x');
    expect([first.token, first.valid, first.lost]).toEqual([1, true, undefined]);
    expect(await b.tryAcquire('x')).toBeUndefined();
    expect(await a.tryAcquire('x')).toBeUndefined();
    const { signal } = first;
    await first.release();
    expect([first.valid, first.lost, signal.aborted, signal.reason]).toEqual([
      false,
      'released',
      true,
      code('CLORTHO_CLOSED'),
    ]);
    expect(() => first.assertValid()).toThrow(code('CLORTHO_CLOSED'));
    const second = await b.acquire('x', { waitMs: 0 });
    expect(second.token).toBe(2);
    await expect(a.acquire('x', { waitMs: 0 })).rejects.toThrow(code('CLORTHO_UNAVAILABLE'));
    await Promise.all([a.close(), b.close()]);
    expect(second.lost).toBe('closed');
    expect(world.clock.pending).toBe(0);
  });

  it('fences writes of earlier owners, whenever they arrive', async () => {
    const world = simulated();
    const { registers } = world;
    const [a, b] = [await world.start('a'), await world.start('b')];
    const old = await a.acquire('x');
    const late = [{ key: 'data', expect: 0, value: Uint8Array.of(1) }, old.check()];
    expect(
      await registers.compareAndSwap([{ key: 'other', expect: 0, value: Uint8Array.of(1) }, old.check()]),
    ).toEqual({
      applied: true,
    });
    await old.release();
    const lease = await b.acquire('x');
    expect(await registers.compareAndSwap(late)).toMatchObject({ applied: false });
    expect(() => old.check()).toThrow(code('CLORTHO_CLOSED'));
    // Neither renewals nor offers disturb the check of the one who holds it.
    await a.offer('x', 'a');
    await world.clock.advance(5000);
    expect(
      await registers.compareAndSwap([{ key: 'data', expect: 0, value: Uint8Array.of(2) }, lease.check()]),
    ).toEqual({
      applied: true,
    });
    await Promise.all([a.close(), b.close()]);
  });

  it('passes to a waiting session within duration and two seconds after a crash', async () => {
    const world = simulated();
    // To the others, a process that is cut off is as good as one that is gone.
    let isGone = false;
    const cut: RegisterStore = {
      ...world.registers,
      compareAndSwap: async (...call) => {
        if (isGone) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'cut off');
        return world.registers.compareAndSwap(...call);
      },
    };
    const a = await world.start('a', { registers: cut });
    const b = await world.start('b');
    const lost = await a.acquire('x');
    isGone = true;
    const sinceMs = world.clock.monotonic();
    const lease = await world.pass(b.acquire('x'));
    expect(world.clock.monotonic() - sinceMs).toBeLessThanOrEqual(TIMES.durationMs + 2000);
    expect([lease.token, lost.lost, a.events.includes('lapsed expired')]).toEqual([2, 'expired', true]);
    expect(b.metrics.fenced).toBe(1);
    isGone = false;
    await world.pass(Promise.all([a.close(), b.close()]));
  });

  it('is offered and handed over, and its token grows', async () => {
    const world = simulated();
    const [a, b] = [await world.start('a'), await world.start('b')];
    const lease = await a.acquire('x');
    await expect(lease.handOver()).rejects.toThrow(code('CLORTHO_INVALID'));
    await expect(lease.handOver('nobody')).rejects.toThrow(code('CLORTHO_NOT_FOUND'));
    expect(lease.valid).toBe(true);
    expect(await b.offer('x', 'b')).toBe(true);
    expect(await b.offer('free', 'b')).toBe(false);
    await world.clock.advance(TIMES.renewMs);
    expect([lease.offeredTo, a.events]).toEqual(['b', expect.arrayContaining(['offered'])]);
    const waiting = b.acquire('x');
    await lease.handOver();
    const next = await world.pass(waiting);
    expect([lease.lost, next.valid, next.token > lease.token]).toEqual(['handed over', true, true]);
    await expect(lease.handOver('b')).rejects.toThrow(code('CLORTHO_CLOSED'));
    await Promise.all([a.close(), b.close()]);
  });

  it('is disposed of by its scope', async () => {
    const world = simulated();
    const a = await world.start('a');
    {
      await using lease = await a.acquire('x');
      expect(lease.valid).toBe(true);
    }
    expect([a.held.size, (await a.tryAcquire('x'))?.token]).toEqual([0, 2]);
    await a[Symbol.asyncDispose]();
  });

  it('is invalid at the very moment, without any timer', async () => {
    const world = simulated();
    let isCut = false;
    const cut: RegisterStore = {
      ...world.registers,
      compareAndSwap: async (...call) => {
        if (isCut) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'cut');
        return world.registers.compareAndSwap(...call);
      },
    };
    let aheadMs = 0;
    const clock = {
      ...world.clock,
      monotonic: () => world.clock.monotonic() + aheadMs,
      sleep: world.clock.sleep,
    };
    const a = await world.start('a', { registers: cut, clock });
    const lease = await a.acquire('x');
    const { signal } = lease;
    isCut = true;
    // The clock is ahead, and no task of the session has run.
    aheadMs = TIMES.durationMs - TIMES.guardMs - 1;
    expect(lease.valid).toBe(true);
    aheadMs += 1;
    expect([signal.aborted, lease.valid, signal.aborted, lease.remainingMs]).toEqual([false, false, true, 0]);
    expect(() => lease.assertValid()).toThrow(code('CLORTHO_FENCED'));
    isCut = false;
    await world.pass(a.close());
  });
});

describe('a session', () => {
  it('is replaced by a second one of its name, whose waits for what the first had', async () => {
    const world = simulated();
    const first = await world.start('a');
    const lease = await first.acquire('x');
    const second = await world.start('a');
    expect(await second.tryAcquire('x')).toBeUndefined();
    const waiting = second.acquire('x');
    await world.clock.advance(TIMES.renewMs);
    expect([first.ended, lease.lost, first.events]).toEqual([
      'replaced',
      'replaced',
      ['begun', 'acquired', 'lost replaced', 'ended replaced'],
    ]);
    await expect(first.acquire('y')).rejects.toThrow(code('CLORTHO_FENCED'));
    expect((await world.pass(waiting)).token).toBe(2);
    await Promise.all([first.close(), second.close()]);
    expect(second.ended).toBe('closed');
    expect(world.clock.pending).toBe(0);
  });

  it('loses its leases while the registers are down, and gets them back by itself when told to', async () => {
    const world = simulated();
    const script: ScriptedFault[] = [];
    let isDown = false;
    const wire = faulty(world, { script });
    const registers: RegisterStore = {
      ...wire,
      read: (...call) =>
        isDown ? Promise.reject(new ClorthoError('CLORTHO_UNAVAILABLE', 'down')) : wire.read(...call),
      compareAndSwap: (...call) =>
        isDown
          ? Promise.reject(new ClorthoError('CLORTHO_UNAVAILABLE', 'down'))
          : wire.compareAndSwap(...call),
    };
    const a = await world.start('a', { registers });
    const lease = await a.acquire('x');
    const terms: number[] = [];
    const abort = new AbortController();
    const campaigning = (async () => {
      for await (const term of a.campaign('leader', { signal: abort.signal })) {
        terms.push(term.token);
        await new Promise((resolve) => term.signal.addEventListener('abort', resolve));
      }
    })();
    await world.clock.advance(10);
    isDown = true;
    await world.clock.advance(5000);
    expect([lease.lost, a.valid, terms]).toEqual(['expired', false, [1]]);
    await expect(world.pass(a.acquire('x', { waitMs: 300 }))).rejects.toMatchObject({
      code: 'CLORTHO_UNAVAILABLE',
    });
    isDown = false;
    const again = await world.pass(a.acquire('x'));
    await world.clock.advance(1000);
    expect([again.token, a.valid, terms, a.metrics.generations]).toEqual([2, true, [1, 2], 2]);
    abort.abort();
    await world.pass(a.close());
    await campaigning;
    expect(world.clock.pending).toBe(0);
  });

  it('never loses a lease by retrying: every second renewal is applied and reported as unknown', async () => {
    const world = simulated();
    let number = 0;
    const registers: RegisterStore = {
      ...world.registers,
      async compareAndSwap(changes, options) {
        const result = await world.registers.compareAndSwap(changes, options);
        number += 1;
        if (number % 2 === 0) throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'the reply was lost');
        return result;
      },
    };
    const a = await world.start('a', { registers });
    const lease = await world.pass(a.acquire('x'));
    await world.clock.advance(100_000);
    expect([lease.valid, a.metrics.renewals > 300, a.metrics.renewalsFailed]).toEqual([true, true, 0]);
    await world.pass(a.close());
  });

  it('notices that its machine was suspended', async () => {
    const world = simulated();
    const clock = localClock(world.clock);
    const a = await world.start('a', { clock });
    const lease = await a.acquire('x');
    clock.suspend(5000);
    await world.clock.advance(4000);
    expect(lease.valid).toBe(false);
    await world.clock.advance(0);
    expect([lease.lost, a.events.includes('lost suspended')]).toEqual(['suspended', true]);
    await world.clock.advance(2000);
    expect(a.valid).toBe(true);
    // Clocks that are put forward shorten validity, those that are put back do not lengthen it.
    const next = await world.pass(a.acquire('x'));
    clock.shiftNow(-3_600_000_000);
    expect(next.remainingMs).toBeLessThanOrEqual(TIMES.durationMs - TIMES.guardMs);
    expect(next.valid).toBe(true);
    clock.shiftNow(2_000_000);
    expect(next.lost).toBe('suspended');
    await world.pass(a.close());
  });

  it('counts a resource as taken whatever became of the reply, and gives back what nobody here holds', async () => {
    const world = simulated();
    const claims: ScriptedFault = {
      call: 'swap',
      prefix: resourceKey('x'),
      fault: { kind: 'applyLater', laterMs: 700 },
    };
    const a = await world.start('a', { registers: faulty(world, { script: [{ ...claims, number: 1 }] }) });
    const b = await world.start('b');
    const abort = new AbortController();
    const claim = a.tryAcquire('x', { signal: abort.signal });
    await world.clock.advance(0);
    abort.abort();
    await expect(claim).rejects.toThrow(code('CLORTHO_ABORTED'));
    // The claim is on its way, and must not strand the resource when it arrives.
    const lease = await world.pass(b.acquire('x', { waitMs: 3000 }));
    await world.clock.advance(2000);
    expect([lease.valid, (await a.tryAcquire('x')) === undefined]).toEqual([true, true]);
    await world.pass(Promise.all([a.close(), b.close()]));
  });

  it('ends with its signal, and leaves nothing behind', async () => {
    const world = simulated();
    const abort = new AbortController();
    const a = await world.start('a', { signal: abort.signal });
    const lease = await a.acquire('x');
    const waiting = a.acquire('x');
    abort.abort();
    await expect(waiting).rejects.toThrow(code('CLORTHO_CLOSED'));
    await a.close();
    expect([a.ended, lease.lost, world.clock.pending]).toEqual(['closed', 'closed', 0]);
    const [register] = await world.registers.read([sessionKey('a')]);
    expect(decodeSession(register!.value, 'a')).toMatchObject({ state: 'ended', generation: 1, settled: 2 });
    await expect(
      LeaseSession.start({ registers: world.registers, name: 'a', signal: abort.signal }),
    ).rejects.toThrow(code('CLORTHO_ABORTED'));
  });

  it('refuses registers that hold something else', async () => {
    const world = simulated();
    const value = Uint8Array.of(1, 2, 3);
    await world.registers.compareAndSwap([{ key: sessionKey('a'), expect: 0, value }]);
    await world.registers.compareAndSwap([{ key: resourceKey('x'), expect: 0, value }]);
    await expect(world.start('a')).rejects.toThrow(code('CLORTHO_CORRUPT'));
    const b = await world.start('b');
    await expect(b.acquire('x')).rejects.toThrow(code('CLORTHO_CORRUPT'));
    expect(b.valid).toBe(true);
    // A session whose own register was overwritten cannot go on.
    const lease = await b.acquire('y');
    const [own] = await world.registers.read([sessionKey('b')]);
    await world.registers.compareAndSwap([{ key: sessionKey('b'), expect: own!.version, value }]);
    await world.clock.advance(1000);
    expect([b.ended, lease.lost, b.signal.reason]).toEqual(['failed', 'failed', code('CLORTHO_CORRUPT')]);
    await b.close();
    expect(world.clock.pending).toBe(0);
  });

  it.each([
    { durationMs: 999 },
    { durationMs: 1000.5 },
    { renewMs: 0 },
    { guardMs: 0.5 },
    { guardMs: 30 },
    { attemptMs: 301 },
    { guardMs: Number.NaN },
    { pollMs: -1 },
    { name: '' },
    { name: 'x'.repeat(257) },
  ])('refuses %j', async (options) => {
    const times = { durationMs: 1000, renewMs: 300, guardMs: 100 };
    await expect(
      LeaseSession.start({ registers: memoryRegisterStore(), name: 'a', ...times, ...options }),
    ).rejects.toThrow(code('CLORTHO_INVALID'));
  });
});

it('renews 4,096 resources of 100 processes with 40 writes a second', async () => {
  const world = simulated();
  const times = { durationMs: 10_000, renewMs: 2500, guardMs: 1500, attemptMs: 1000, pollMs: 1000 };
  const sessions: LeaseSession[] = [];
  for (let index = 0; index < 100; index += 1) sessions.push(await world.start(`process-${index}`, times));
  for (let resource = 0; resource < 4096; resource += 1) {
    await sessions[resource % sessions.length]!.acquire(`resource-${resource}`);
  }
  await world.clock.advance(5000);
  const before = world.registers.counters.registersWritten;
  await world.clock.advance(20_000);
  expect((world.registers.counters.registersWritten - before) / 20).toBeCloseTo(40, 0);
  expect(sessions.reduce((sum, { held }) => sum + held.size, 0)).toBe(4096);
  await world.pass(Promise.all(sessions.map((session) => session.close())));
});
