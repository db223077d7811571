/** Times at the edges of what timers can do. */
import { type Clock, systemClock } from '@clortho/base';
import { memoryRegisterStore } from '@clortho/registers';
import { describe, expect, it } from 'vitest';
import { type Lease, LeaseSession, runAssigner, serveAssigned } from '../src/index.ts';
import { simulated } from './simulated.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

it.each([2 ** 31, 1e12, Number.MAX_SAFE_INTEGER])('a wait of %d ms is not over at once', async (waitMs) => {
  const registers = memoryRegisterStore();
  const a = await LeaseSession.start({ registers, name: 'a' });
  const lease = await a.acquire('x');
  const waiting = a.acquire('x', { waitMs });
  waiting.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await lease.release();
  expect((await waiting).token).toBe(2);
  await a.close();
});

it('who serves may take for ever to leave', async () => {
  const registers = memoryRegisterStore();
  const a = await LeaseSession.start({ registers, name: 'a', attributes: { group: 'g' } });
  const stop = new AbortController();
  const { signal } = stop;
  const held: Lease[] = [];
  let finish = (): void => undefined;
  const serve = (lease: Lease): Promise<void> => {
    held.push(lease);
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  const options = { group: 'g', intervalMs: 10 };
  const working = Promise.all([
    runAssigner(a, { ...options, resources: () => Promise.resolve([{ name: 'x' }]), signal }),
    serveAssigned(a, { ...options, serve, handOverMs: Number.POSITIVE_INFINITY, signal }),
  ]);
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(held[0]?.valid).toBe(true);
  finish();
  await working;
  expect(held[0]?.lost).toBe('released');
  await a.close();
});

it.each([Number.NaN, -1])('a time of %d is refused', async (ms) => {
  const world = simulated();
  const a = await world.start('a');
  const resources = () => Promise.resolve([]);
  const serve = () => Promise.resolve();
  const calls = [
    a.acquire('x', { waitMs: ms }),
    runAssigner(a, { group: 'g', resources, intervalMs: ms }),
    runAssigner(a, { group: 'g', resources, settleMs: ms }),
    serveAssigned(a, { group: 'g', serve, intervalMs: ms }),
    serveAssigned(a, { group: 'g', serve, handOverMs: ms }),
    serveAssigned(a, { group: 'g', serve, strayMs: ms }),
  ];
  for (const call of calls) await expect(call).rejects.toThrow(code('CLORTHO_INVALID'));
  await world.pass(a.close());
});

describe('the times of a session fit into a timer', () => {
  const longest = 2 ** 31 - 1;
  const timesOf = (durationMs: number) => ({ durationMs, renewMs: durationMs / 4, guardMs: durationMs / 10 });

  it.each([timesOf(longest + 1), timesOf(90 * 86_400_000), { pollMs: longest + 1 }, { pollMs: 1e12 }])(
    'and are refused if they do not: %j',
    async (times) => {
      const start = LeaseSession.start({ registers: memoryRegisterStore(), name: 'a', ...times });
      await expect(start).rejects.toThrow(code('CLORTHO_INVALID'));
    },
  );

  it('up to the longest, with which the session sleeps', async () => {
    let sleeps = 0;
    const clock: Clock = {
      ...systemClock,
      sleep(ms, signal) {
        sleeps += 1;
        return systemClock.sleep(ms, signal);
      },
    };
    const registers = memoryRegisterStore();
    const a = await LeaseSession.start({ registers, name: 'a', clock, ...timesOf(longest) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([a.valid, sleeps < 10]).toEqual([true, true]);
    await a.close();
  });
});
