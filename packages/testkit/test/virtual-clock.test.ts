import { describe, expect, it } from 'vitest';
import { virtualClock } from '../src/clock/virtual-clock.ts';

describe('a virtual clock', () => {
  it('stands still until it is advanced, then moves both times alike', async () => {
    const clock = virtualClock({ epochMicros: 5_000_000, monotonicMs: 70 });
    expect([clock.now(), clock.monotonic()]).toEqual([5_000_000, 70]);
    await clock.advance(1.5);
    expect([clock.now(), clock.monotonic()]).toEqual([5_001_500, 71.5]);
  });

  it('fires due sleeps in order of their ends, each at its own time', async () => {
    const clock = virtualClock();
    const fired: string[] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      fired.push(`${name}@${clock.monotonic()}`);
    };
    const all = Promise.all([
      sleeper('late', 7),
      sleeper('early', 3),
      sleeper('late too', 7),
      sleeper('never', 11),
    ]);
    await clock.advance(10);
    expect(fired).toEqual(['early@3', 'late@7', 'late too@7']);
    expect([clock.pending, clock.nextDueMs, clock.monotonic()]).toEqual([1, 1, 10]);
    await clock.advance(1);
    await all;
    expect(fired.at(-1)).toBe('never@11');
    expect(clock.nextDueMs).toBeUndefined();
  });

  it('lets a woken task run on and sleep again within one advance', async () => {
    const clock = virtualClock();
    const ticks: number[] = [];
    const loop = async (): Promise<void> => {
      for (let tick = 0; tick < 5; tick += 1) {
        await clock.sleep(2);
        // A chain of microtasks between two sleeps must not outrun the clock.
        for (let hop = 0; hop < 50; hop += 1) await Promise.resolve();
        ticks.push(clock.monotonic());
      }
    };
    const done = loop();
    await clock.advance(7);
    expect(ticks).toEqual([2, 4, 6]);
    await clock.advance(3);
    expect(ticks).toEqual([2, 4, 6, 8, 10]);
    await done;
  });

  it('ends a sleep of nothing by itself, after everything that was ready', async () => {
    const clock = virtualClock();
    const order: string[] = [];
    const done = clock.sleep(0).then(() => order.push('slept'));
    expect(clock.pending).toBe(0);
    await Promise.resolve().then(() => order.push('ready'));
    await done;
    expect(order).toEqual(['ready', 'slept']);
  });

  it('forgets an aborted sleep at once and rejects it with the reason', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const sleep = clock.sleep(5, controller.signal);
    controller.abort('enough');
    await expect(sleep).rejects.toMatchObject({ code: 'CLORTHO_ABORTED', cause: 'enough' });
    expect(clock.pending).toBe(0);
    await expect(clock.sleep(5, controller.signal)).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    expect(clock.pending).toBe(0);
  });

  it('ignores an abort after the sleep has ended', async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const sleep = clock.sleep(5, controller.signal);
    await clock.advance(5);
    controller.abort();
    await expect(sleep).resolves.toBeUndefined();
  });

  it('moves until work has settled, and no further', async () => {
    const clock = virtualClock();
    const ticks: number[] = [];
    const stop = new AbortController();
    const background = (async () => {
      for (;;) {
        await clock.sleep(2, stop.signal);
        ticks.push(clock.monotonic());
      }
    })().catch(() => 'stopped');
    await expect(clock.advanceUntil(clock.sleep(5), 100)).resolves.toBe(true);
    expect([clock.monotonic(), ticks]).toEqual([5, [2, 4]]);
    await expect(clock.advanceUntil(new Promise(() => undefined), 4)).resolves.toBe(false);
    expect([clock.monotonic(), ticks]).toEqual([9, [2, 4, 6, 8]]);
    await expect(clock.advanceUntil(Promise.resolve(), 4)).resolves.toBe(true);
    await expect(clock.advanceUntil(Promise.reject(new Error('own')), 4)).rejects.toThrow('own');
    expect(clock.monotonic()).toBe(9);
    stop.abort();
    await background;
  });

  it('shifts the wall clock without touching the monotonic one', async () => {
    const clock = virtualClock({ epochMicros: 1_000_000 });
    const done = clock.sleep(1);
    clock.shiftNow(-400_000);
    expect([clock.now(), clock.monotonic(), clock.pending]).toEqual([600_000, 0, 1]);
    await clock.advance(1);
    await done;
    expect(clock.now()).toBe(601_000);
  });

  it('refuses to go back or to advance twice at a time', async () => {
    const clock = virtualClock();
    await expect(clock.advance(-1)).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    await expect(clock.advance(Number.NaN)).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    const first = clock.advance(1);
    await expect(clock.advance(1)).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
    await first;
    expect(clock.monotonic()).toBe(1);
  });
});
