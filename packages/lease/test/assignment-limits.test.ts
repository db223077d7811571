/** What ends an assigner and those who serve, and what does not stop them. */
import { ClorthoError } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';
import { describe, expect, it } from 'vitest';
import { type Lease, type LeaseSession, resourceKey, runAssigner, serveAssigned } from '../src/index.ts';
import { type Simulated, simulated, TIMES } from './simulated.ts';
import { halfOpen } from './wires.ts';

const GROUP = 'g';
const PLANS = `lease/plan/${GROUP}/`;
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

  it.each(['it is told to end', 'its work is done'])(
    'lets go when %s and no plan is answered',
    async (why) => {
      const world = simulated();
      const wire = halfOpen(world.registers);
      const member = await startMember(world, wire.registers);
      await planFor(world, 1);
      const stop = new AbortController();
      const leases: Lease[] = [];
      let finish = (): void => undefined;
      const serve = async (lease: Lease, leaving: AbortSignal): Promise<void> => {
        leases.push(lease);
        const done = new Promise<void>((resolve) => {
          finish = resolve;
        });
        await Promise.race([done, untilLeaving(lease, leaving)]);
      };
      const serving = serveAssigned(member, { ...INTERVAL, serve, signal: stop.signal });
      await world.clock.advance(200);
      wire.drop('read', PLANS);
      if (why === 'its work is done') finish();
      else stop.abort();
      await world.clock.advance(2 * TIMES.attemptMs);
      expect(leases.map(({ lost }) => lost)).toEqual(['released']);
      stop.abort();
      await world.pass(serving);
      await world.pass(member.close());
      expect(world.clock.pending).toBe(0);
    },
  );

  it.each([
    ['read', PLANS],
    ['list', 'lease/resource/'],
  ] as const)('goes on after one %s of %s without an answer', async (call, prefix) => {
    const world = simulated();
    const wire = halfOpen(world.registers);
    const member = await startMember(world, wire.registers);
    const stop = new AbortController();
    const options = { ...INTERVAL, strayMs: 100, serve: untilLeaving, signal: stop.signal };
    const serving = serveAssigned(member, options);
    await world.clock.advance(150);
    wire.drop(call, prefix, 1);
    await world.clock.advance(300);
    await planFor(world, 3);
    await world.clock.advance(2 * TIMES.durationMs);
    expect([wire.dropped, member.held.size]).toEqual([1, 3]);
    stop.abort();
    await world.pass(serving);
    await world.pass(member.close());
    expect(world.clock.pending).toBe(0);
  });
});

describe('an assigner', () => {
  it.each([PLANS, 'lease/session/', 'lease/resource/'])(
    'goes on after one list of %s without an answer',
    async (prefix) => {
      const world = simulated();
      const wire = halfOpen(world.registers);
      const assigner = await world.start('assigner', { registers: wire.registers });
      const member = await startMember(world, world.registers);
      const stop = new AbortController();
      const { signal } = stop;
      let count = 1;
      const resources = () =>
        Promise.resolve(Array.from({ length: count }, (_, index) => ({ name: `r${index}` })));
      const working = Promise.all([
        runAssigner(assigner, { ...INTERVAL, resources, settleMs: 0, signal }),
        serveAssigned(member, { ...INTERVAL, serve: untilLeaving, signal }),
      ]);
      await world.clock.advance(1000);
      expect(member.held.size).toBe(1);
      wire.drop('list', prefix, 1);
      count = 3;
      await world.clock.advance(2 * TIMES.durationMs);
      expect([wire.dropped, member.held.size]).toEqual([1, 3]);
      stop.abort();
      await world.pass(working);
      await world.pass(Promise.all([assigner.close(), member.close()]));
      expect(world.clock.pending).toBe(0);
    },
  );

  it('works on lists that take long, as long as they are answered', async () => {
    const world = simulated();
    const slow: RegisterStore = {
      ...world.registers,
      async *list(prefix, options) {
        for await (const register of world.registers.list(prefix, options)) {
          await world.clock.sleep(TIMES.durationMs / 2);
          yield register;
        }
      },
    };
    const others: LeaseSession[] = [];
    for (let index = 0; index < 8; index += 1) others.push(await world.start(`other-${index}`));
    const assigner = await world.start('assigner', { registers: slow });
    const member = await startMember(world, world.registers);
    const stop = new AbortController();
    const { signal } = stop;
    const resources = () => Promise.resolve([{ name: 'r0' }]);
    const working = Promise.all([
      runAssigner(assigner, { ...INTERVAL, resources, settleMs: 0, signal }),
      serveAssigned(member, { ...INTERVAL, serve: untilLeaving, signal }),
    ]);
    await world.clock.advance(10 * TIMES.durationMs);
    expect(member.held.size).toBe(1);
    stop.abort();
    await world.pass(working);
    await world.pass(Promise.all([assigner, member, ...others].map((session) => session.close())));
  });

  it.each(['aborted', 'closed', 'asked again'])(
    'that is told nothing of its resources is %s',
    async (how) => {
      const world = simulated();
      const session = await world.start('assigner');
      const stop = new AbortController();
      const signals: AbortSignal[] = [];
      const resources = (signal: AbortSignal): Promise<never> => {
        signals.push(signal);
        return new Promise(() => undefined);
      };
      const assigning = runAssigner(session, { ...INTERVAL, resources, answerMs: 500, signal: stop.signal });
      await world.clock.advance(300);
      expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
      if (how === 'asked again') await world.clock.advance(400);
      expect(signals).toHaveLength(how === 'asked again' ? 2 : 1);
      if (how === 'closed') await world.pass(session.close());
      else stop.abort();
      await world.clock.advance(0);
      await world.pass(assigning);
      expect(signals.every(({ aborted }) => aborted)).toBe(true);
      await world.pass(session.close());
      expect(world.clock.pending).toBe(0);
    },
  );
});
