import { ClorthoError } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';
import { describe, expect, it } from 'vitest';
import { type Lease, type LeaseSession, listLeases, runAssigner, serveAssigned } from '../src/index.ts';
import { type Simulated, simulated, TIMES } from './simulated.ts';

const GROUP = 'shards';
const RESOURCES = Array.from({ length: 24 }, (_, index) => ({
  name: `shard-${String(index).padStart(2, '0')}`,
}));

interface Node {
  readonly session: LeaseSession;
  /** What is being served, by resource. */
  readonly serving: Map<string, Lease>;
  readonly stop: AbortController;
  readonly over: Promise<unknown>;
}

/** Starts a process that serves, and would lead if it were elected. */
async function startNode(
  world: Simulated,
  name: string,
  served: (resource: string, change: 1 | -1) => void = () => undefined,
  registers?: RegisterStore,
): Promise<Node> {
  const session = await world.start(name, { attributes: { group: GROUP }, ...(registers && { registers }) });
  const serving = new Map<string, Lease>();
  const stop = new AbortController();
  const { signal } = stop;
  const serve = async (lease: Lease, leaving: AbortSignal): Promise<void> => {
    serving.set(lease.resource, lease);
    served(lease.resource, 1);
    await new Promise((resolve) => {
      lease.signal.addEventListener('abort', resolve);
      leaving.addEventListener('abort', resolve);
    });
    served(lease.resource, -1);
    serving.delete(lease.resource);
  };
  const over = Promise.all([
    serveAssigned(session, { group: GROUP, serve, intervalMs: 100, strayMs: 1000, signal }),
    runAssigner(session, {
      group: GROUP,
      resources: () => Promise.resolve(RESOURCES),
      intervalMs: 200,
      settleMs: 500,
      signal,
    }),
  ]);
  over.catch(() => undefined);
  return { session, serving, stop, over };
}

async function stopNode(world: Simulated, { stop, over, session }: Node): Promise<void> {
  stop.abort();
  await world.pass(over);
  await world.pass(session.close());
}

const counts = (nodes: readonly Node[]): number[] => nodes.map(({ serving }) => serving.size);

describe('an assigner and those who serve', () => {
  it('share resources evenly, move few, and never serve one twice', async () => {
    const world = simulated();
    const served = new Map<string, number>();
    let worst = 0;
    let begun = 0;
    const onServed = (resource: string, change: 1 | -1): void => {
      served.set(resource, (served.get(resource) ?? 0) + change);
      worst = Math.max(worst, served.get(resource) ?? 0);
      if (change === 1) begun += 1;
    };
    const nodes = [await startNode(world, 'a', onServed), await startNode(world, 'b', onServed)];
    await world.clock.advance(3000);
    expect(counts(nodes)).toEqual([12, 12]);
    begun = 0;
    nodes.push(await startNode(world, 'c', onServed));
    await world.clock.advance(10_000);
    expect([counts(nodes), begun]).toEqual([[8, 8, 8], 8]);
    const moved = nodes[2]!.serving.values().next().value;
    expect(moved?.token).toBeGreaterThan(1);

    // One that drains is emptied, and gets nothing new.
    nodes[0]!.session.announce({ group: GROUP, drain: 'yes' });
    await world.clock.advance(10_000);
    expect(counts(nodes)).toEqual([0, 12, 12]);
    // Weights are followed.
    nodes[0]!.session.announce({ group: GROUP, weight: '2' });
    await world.clock.advance(15_000);
    expect(counts(nodes)).toEqual([12, 6, 6]);
    expect(worst).toBe(1);
    for (const node of nodes) await stopNode(world, node);
    expect([...served.values()].every((count) => count === 0)).toBe(true);
    expect(world.clock.pending).toBe(0);
  });

  it('serve what a crashed node had, the leader included, within two durations and two seconds', async () => {
    const world = simulated();
    let isGone = false;
    const cut: RegisterStore = {
      ...world.registers,
      async read(...call) {
        if (isGone) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'cut off');
        return world.registers.read(...call);
      },
      async compareAndSwap(...call) {
        if (isGone) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'cut off');
        return world.registers.compareAndSwap(...call);
      },
    };
    const lost = await startNode(world, 'a', undefined, cut);
    await world.clock.advance(1000);
    const nodes = [await startNode(world, 'b'), await startNode(world, 'c')];
    await world.clock.advance(15_000);
    expect(counts([lost, ...nodes])).toEqual([8, 8, 8]);
    isGone = true;
    await world.clock.advance(2 * TIMES.durationMs + 2000);
    expect([counts([lost, ...nodes]), counts(nodes)]).toEqual([
      [0, 12, 12],
      [12, 12],
    ]);
    isGone = false;
    await world.clock.advance(15_000);
    expect(counts([lost, ...nodes])).toEqual([8, 8, 8]);
    for (const node of [lost, ...nodes]) await stopNode(world, node);
  });

  it('give back strays, and hand over what takes too long to leave', async () => {
    const world = simulated();
    const stuck: Lease[] = [];
    const session = await world.start('a', { attributes: { group: GROUP } });
    const stop = new AbortController();
    const serve = async (lease: Lease): Promise<void> => {
      stuck.push(lease);
      await new Promise(() => undefined);
    };
    const options = {
      group: GROUP,
      serve,
      intervalMs: 100,
      handOverMs: 400,
      strayMs: 500,
      signal: stop.signal,
    };
    const serving = serveAssigned(session, options);
    const node = await startNode(world, 'b');
    await world.clock.advance(12_000);
    expect(stuck.length).toBeGreaterThanOrEqual(12);
    expect(stuck.filter(({ valid }) => valid)).toHaveLength(12);

    // A register that names this session, and that nobody here holds.
    const [register] = await world.registers.read(['lease/resource/shard-00']);
    await world.registers.compareAndSwap([
      { key: 'lease/resource/stray', expect: 0, value: register!.value },
      { key: 'lease/resource/shard-00', expect: register!.version },
    ]);
    await world.clock.advance(2000);
    const owners = new Map<string, string | undefined>();
    for await (const { resource, owner } of listLeases(world.registers)) owners.set(resource, owner?.name);
    expect([owners.has('stray'), owners.get('stray')]).toEqual([true, undefined]);

    session.announce({ group: GROUP, drain: 'yes' });
    await world.clock.advance(10_000);
    expect([node.serving.size, stuck.filter(({ valid }) => valid)]).toEqual([24, []]);
    stop.abort();
    await world.pass(serving);
    await stopNode(world, node);
    await world.pass(session.close());
  });

  it('end with what their work throws, after all has been given up', async () => {
    const world = simulated();
    const node = await startNode(world, 'b');
    const session = await world.start('a', { attributes: { group: GROUP } });
    const serve = (lease: Lease, leaving: AbortSignal): Promise<void> =>
      lease.resource === 'shard-05'
        ? Promise.reject(new Error('broken'))
        : new Promise((resolve) => leaving.addEventListener('abort', () => resolve()));
    const serving = serveAssigned(session, { group: GROUP, serve, intervalMs: 100 });
    session.announce({ group: GROUP, weight: '1000' });
    await expect(world.pass(serving)).rejects.toThrow('broken');
    expect(session.held.size).toBe(0);
    await stopNode(world, node);
    await world.pass(session.close());
  });
});
