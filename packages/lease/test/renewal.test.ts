/** Renewals whose outcome is not known. */
import { ClorthoError } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';
import { expect, it } from 'vitest';
import { simulated, TIMES } from './simulated.ts';

/** Registers whose next swaps fare as told. */
function scripted(inner: RegisterStore) {
  const fates: ('lost before' | 'lost after')[] = [];
  const registers: RegisterStore = {
    ...inner,
    async compareAndSwap(...call) {
      const fate = fates.shift();
      if (fate !== 'lost before') {
        const result = await inner.compareAndSwap(...call);
        if (fate === undefined) return result;
      }
      throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', fate);
    },
  };
  return { registers, fates };
}

it('a renewal that was sent again and again counts from the last time, whatever else is written to the register', async () => {
  const world = simulated();
  let mode: 'up' | 'lost' | 'last' | 'down' = 'up';
  const { registers } = world;
  const wire: RegisterStore = {
    ...registers,
    async compareAndSwap(...call) {
      if (mode === 'lost') throw new ClorthoError('CLORTHO_OUTCOME_UNKNOWN', 'lost');
      if (mode === 'down') throw new ClorthoError('CLORTHO_UNAVAILABLE', 'down');
      if (mode === 'last') mode = 'down';
      return registers.compareAndSwap(...call);
    },
  };
  const [a, b] = [await world.start('a', { registers: wire }), await world.start('b')];
  const lease = await a.acquire('x');
  mode = 'lost';
  await world.clock.advance(3 * TIMES.renewMs);
  mode = 'up';
  while (a.metrics.renewals === 0) await world.clock.advance(1);
  const renewedMs = world.clock.monotonic();
  // The next renewal finds something else there, and then nothing can be reached any more.
  await b.offer('x', 'b');
  mode = 'last';
  await world.clock.advance(TIMES.durationMs - TIMES.guardMs - 10);
  expect([mode, lease.lost]).toEqual(['down', undefined]);
  await world.clock.advance(20);
  expect([lease.lost, world.clock.monotonic() - renewedMs < TIMES.durationMs]).toEqual(['expired', true]);
  mode = 'up';
  await world.pass(Promise.all([a.close(), b.close()]));
});

it('an offer that was found is told, also when the renewal that takes it away has no answer', async () => {
  const world = simulated();
  const wire = scripted(world.registers);
  const [a, b] = [await world.start('a', { registers: wire.registers }), await world.start('b')];
  const lease = await a.acquire('x');
  await b.offer('x', 'b');
  // Refused, for the offer is there; then applied on top of it, and the answers are lost until the session gives up.
  let number = 0;
  const swap = wire.registers.compareAndSwap;
  Object.assign(wire.registers, {
    compareAndSwap: async (...call: Parameters<typeof swap>) => {
      number += 1;
      if (number === 1) return swap(...call);
      if (number === 2) wire.fates.push('lost after');
      else if (number <= 5) wire.fates.push('lost before');
      return swap(...call);
    },
  });
  await world.clock.advance(3 * TIMES.renewMs);
  expect(number).toBeGreaterThan(5);
  expect([lease.offeredTo, a.events.filter((event) => event === 'offered')]).toEqual(['b', ['offered']]);
  await world.pass(Promise.all([a.close(), b.close()]));
});
