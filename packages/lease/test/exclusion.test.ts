/** Moments at which two processes could take themselves for the owner. */
import { isClorthoError, seededRandom } from '@clortho/base';
import { localClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import type { Lease } from '../src/index.ts';
import { leaseTiming } from '../src/time/timing.ts';
import { simulated, TIMES } from './simulated.ts';
import { cuttable } from './wires.ts';

describe('while a session ends its leases', () => {
  it('whoever is told of one finds all others lost, for the same reason and with their signals aborted', async () => {
    const world = simulated();
    const clock = localClock(world.clock);
    const a = await world.start('a', { clock });
    const [one, two] = [await a.acquire('one'), await a.acquire('two')];
    const { signal } = two;
    const found: unknown[] = [];
    one.signal.addEventListener('abort', () => found.push(two.valid, two.lost, signal.aborted));
    const told: string[] = [];
    two.signal.addEventListener('abort', () => told.push('two'));
    clock.shiftNow(5_000_000);
    expect(one.valid).toBe(false);
    expect([found, told]).toEqual([[false, 'suspended', true], ['two']]);
    await world.clock.advance(0);
    expect(a.events.filter((event) => event.startsWith('lost'))).toEqual([
      'lost suspended',
      'lost suspended',
    ]);
    await world.pass(a.close());
  });

  it('no lease is valid that another process has by then', async () => {
    const world = simulated();
    const clock = localClock(world.clock);
    const [a, b] = [await world.start('a', { clock }), await world.start('b')];
    const [one, two] = [await a.acquire('one'), await a.acquire('two')];
    let taken: Lease | undefined;
    const taking = (async () => {
      taken = await b.acquire('two');
    })();
    const beliefs: unknown[] = [];
    one.signal.addEventListener('abort', () => beliefs.push(taken?.valid, two.valid));
    clock.suspend(30_000);
    // Its machine is stopped, and only its clock goes on.
    await world.pass(taking);
    await world.clock.advance(31_000);
    expect(beliefs).toEqual([true, false]);
    await world.pass(Promise.all([a.close(), b.close()]));
  });
});

it('a session that disowns what an earlier process of its name may still hold leaves it alone', async () => {
  const world = simulated();
  const wire = cuttable(world.registers);
  const first = await world.start('a', { registers: wire.registers });
  const lease = await first.acquire('x');
  // It hears nothing of its successor.
  wire.cut();
  const second = await world.start('a');
  second.disown('x');
  const b = await world.start('b', { random: seededRandom(7) });
  let isTaken = false;
  const taken = (async () => {
    await b.acquire('x');
    isTaken = true;
  })();
  while (lease.valid) {
    expect(isTaken).toBe(false);
    await world.clock.advance(10);
  }
  await world.pass(taken);
  wire.mend();
  await world.pass(Promise.all([first.close(), second.close(), b.close()]));
});

/** Returns the least guard that a session takes for a duration. */
function leastGuardMs(durationMs: number): number {
  for (let guardMs = 1; ; guardMs += 1) {
    try {
      return leaseTiming({ durationMs, renewMs: 100, guardMs }).guardMs;
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_INVALID')) throw error;
    }
  }
}

it('a machine that slept too short for its clocks to tell has lost its lease before another one gets it, with the least guard', async () => {
  const world = simulated();
  // One clock is slow, the other fast.
  const clock = localClock(world.clock, { driftPpm: -500 });
  const fast = localClock(world.clock, { driftPpm: 500 });
  const wire = cuttable(world.registers);
  const times = { guardMs: leastGuardMs(TIMES.durationMs), attemptMs: 50, pollMs: 1 };
  const a = await world.start('a', { ...times, clock, registers: wire.registers });
  const b = await world.start('b', { ...times, clock: fast });
  const lease = await a.acquire('x');
  let taken: Lease | undefined;
  const taking = (async () => {
    taken = await b.acquire('x');
  })();
  await world.clock.advance(TIMES.renewMs);
  wire.cut();
  // What the wall clock loses first hides as much of the sleep again.
  clock.shiftNow(-9500);
  expect(lease.valid).toBe(true);
  await world.clock.advance(5);
  clock.suspend(19);
  await world.clock.advance(19);
  expect(lease.valid).toBe(true);
  let leftMs = 0;
  while (taken === undefined) {
    leftMs = lease.remainingMs;
    await world.clock.advance(0.5);
    if (taken !== undefined) expect(lease.remainingMs).toBe(0);
  }
  expect(leftMs).toBe(0);
  await taking;
  expect(lease.lost).toBe('expired');
  wire.mend();
  await world.pass(Promise.all([a.close(), b.close()]));
});
