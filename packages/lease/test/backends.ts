/** What sessions and leases promise over any registers, in real time: short durations, and no more of them than needed. */
import type { RegisterStore } from '@clortho/registers';
import { expect, it } from 'vitest';
import { LeaseSession, type LeaseSessionOptions } from '../src/index.ts';

/** Long enough for a slow machine, short enough to wait for. */
const TIMES = { durationMs: 4000, renewMs: 800, guardMs: 800, attemptMs: 800, pollMs: 50 };

/** Declares the tests for the registers that `open` returns: empty ones for each test, closed by it. */
export function leasesOver(open: () => Promise<RegisterStore>): void {
  const withRegisters =
    (use: (start: Start, registers: RegisterStore) => Promise<void>) => async (): Promise<void> => {
      const registers = await open();
      const sessions: LeaseSession[] = [];
      try {
        await use(async (name, options = {}) => {
          const session = await LeaseSession.start({ registers, name, ...TIMES, ...options });
          sessions.push(session);
          return session;
        }, registers);
      } finally {
        for (const session of sessions) await session.close();
        await registers.close();
      }
    };

  it.concurrent(
    'grants a resource to one of many that ask at once, and tokens only grow',
    withRegisters(async (start) => {
      const sessions = [await start('a'), await start('b'), await start('c')];
      const tokens: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const taken = await Promise.all(sessions.map((session) => session.tryAcquire('x')));
        const leases = taken.filter((lease) => lease !== undefined);
        // Two may both be late: what was refused to one is free for the next.
        expect(leases.length).toBeLessThanOrEqual(1);
        const lease = leases[0] ?? (await sessions[0]!.acquire('x', { waitMs: 20_000 }));
        expect(lease.valid).toBe(true);
        tokens.push(lease.token);
        await lease.release();
      }
      expect(tokens).toEqual([1, 2, 3]);
    }),
  );

  it.concurrent(
    'keeps a lease by renewing it, hands it over, and passes on what a closed session had',
    withRegisters(async (start, registers) => {
      const [a, b] = [await start('a'), await start('b')];
      const lease = await a.acquire('x');
      await new Promise((resolve) => setTimeout(resolve, TIMES.durationMs + 200));
      expect([lease.valid, a.metrics.lost, await b.tryAcquire('x')]).toEqual([true, 0, undefined]);
      const waiting = b.acquire('x', { waitMs: 20_000 });
      expect(await b.offer('x', 'b')).toBe(true);
      await lease.handOver('b');
      const second = await waiting;
      expect(second.token).toBeGreaterThan(lease.token);
      if (registers.supports.atomicMany) {
        const value = Uint8Array.of(1);
        const swap = () => registers.compareAndSwap([{ key: 'guarded', expect: 0, value }, second.check()]);
        expect(await swap()).toEqual({ applied: true });
      }
      await b.close();
      expect((await a.acquire('x', { waitMs: 20_000 })).token).toBeGreaterThan(second.token);
      const listed = [];
      for await (const { resource, owner } of a.list()) listed.push([resource, owner?.name]);
      expect(listed).toEqual([['x', 'a']]);
    }),
  );

  it.concurrent(
    'takes over from a session of its own name that gives no sign of life',
    withRegisters(async (start) => {
      const old = await start('a');
      const lease = await old.acquire('x');
      const again = await start('a');
      expect((await again.acquire('x', { waitMs: 20_000 })).token).toBe(lease.token + 1);
      expect([old.ended, lease.lost]).toEqual(['replaced', 'replaced']);
    }),
  );
}

type Start = (name: string, options?: Partial<LeaseSessionOptions>) => Promise<LeaseSession>;
