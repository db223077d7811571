/** What ends an assigner and those who serve, and what does not stop them. */
import { ClorthoError } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';
import { describe, expect, it } from 'vitest';
import { type Lease, type LeaseSession, resourceKey, runAssigner, serveAssigned } from '../src/index.ts';
import { type Simulated, simulated } from './simulated.ts';

const GROUP = 'g';
const INTERVAL = { group: GROUP, intervalMs: 100 };

/** Serves until told to leave. */
const untilLeaving = (_: Lease, leaving: AbortSignal): Promise<void> =>
  new Promise((resolve) => leaving.addEventListener('abort', () => resolve()));

/** Has an assigner plan for the sessions that there are, and leave. */
async function planFor(world: Simulated, count: number): Promise<void> {
  const assigner = await world.start('assigner');
  const stop = new AbortController();
  const resources = () =>
    Promise.resolve(Array.from({ length: count }, (_, index) => ({ name: `r${index}` })));
  const assigning = runAssigner(assigner, { ...INTERVAL, resources, settleMs: 0, signal: stop.signal });
  await world.clock.advance(500);
  stop.abort();
  await world.pass(assigning);
  await world.pass(assigner.close());
}

const startMember = (world: Simulated, registers: RegisterStore): Promise<LeaseSession> =>
  world.start('w', { registers, attributes: { group: GROUP } });

describe('who serves', () => {
  it('takes nothing more once it is told to end, and gives back unserved what was on its way', async () => {
    const world = simulated();
    const claimed: string[] = [];
    const slow: RegisterStore = {
      ...world.registers,
      async compareAndSwap(changes, options) {
        await world.clock.sleep(10);
        const result = await world.registers.compareAndSwap(changes, options);
        const [{ key, value }] = changes as [(typeof changes)[0]];
        if (result.applied && value !== undefined && key.startsWith(resourceKey('r'))) claimed.push(key);
        return result;
      },
    };
    const member = await startMember(world, slow);
    await planFor(world, 50);
    const stop = new AbortController();
    const served: string[] = [];
    const serve = (lease: Lease, leaving: AbortSignal): Promise<void> => {
      served.push(lease.resource);
      return untilLeaving(lease, leaving);
    };
    const serving = serveAssigned(member, { ...INTERVAL, serve, signal: stop.signal });
    await world.clock.advance(55);
    const before = served.length;
    expect(before).toBe(5);
    stop.abort();
    await world.pass(serving);
    // Six were claimed, the last of them in the air at the end; and each was given back.
    expect([served.length, claimed.length, member.held.size]).toEqual([before, 12, 0]);
    await world.pass(member.close());
    expect(world.clock.pending).toBe(0);
  });

  it('serves what lies in the plan behind a resource that is out of reach', async () => {
    const world = simulated();
    let isThrottled = true;
    const throttled: RegisterStore = {
      ...world.registers,
      async read(keys, options) {
        if (isThrottled && keys[0] === resourceKey('r1'))
          throw new ClorthoError('CLORTHO_UNAVAILABLE', 'throttled');
        return world.registers.read(keys, options);
      },
    };
    const member = await startMember(world, throttled);
    await planFor(world, 4);
    const stop = new AbortController();
    const serving = serveAssigned(member, { ...INTERVAL, serve: untilLeaving, signal: stop.signal });
    await world.clock.advance(1000);
    expect([...member.held.keys()].sort()).toEqual(['r0', 'r2', 'r3']);
    isThrottled = false;
    await world.clock.advance(1000);
    expect(member.held.size).toBe(4);
    stop.abort();
    await world.pass(serving);
    await world.pass(member.close());
  });
});
