import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../src/index.ts';

test('now is in microseconds since the epoch, as an integer', () => {
  const before = Date.now() * 1000;
  const now = systemClock.now();
  expect(Number.isSafeInteger(now)).toBe(true);
  // The wall clock may be stepped in between; a wrong unit lies a thousandfold beside it.
  expect(Math.abs(now - before)).toBeLessThan(60_000_000);
});

test('now follows the wall clock when that is set, while monotonic goes on', () => {
  const wall = vi.spyOn(Date, 'now');
  try {
    for (const offMs of [30_000, -7000, 0]) {
      const trueMs = performance.timeOrigin + performance.now();
      const monotonicMs = systemClock.monotonic();
      wall.mockReturnValue(Math.round(trueMs + offMs));
      expect(Math.abs(systemClock.now() / 1000 - (trueMs + offMs))).toBeLessThan(50);
      expect(systemClock.monotonic() - monotonicMs).toBeLessThan(1000);
    }
  } finally {
    wall.mockRestore();
    systemClock.now();
  }
});

test('now is never behind the wall clock, however little that gains', () => {
  const wall = vi.spyOn(Date, 'now');
  try {
    const startMs = Math.ceil(systemClock.now() / 1000);
    for (let aheadMs = 1; aheadMs <= 20; aheadMs += 1) {
      wall.mockReturnValue(startMs + aheadMs);
      expect(systemClock.now()).toBeGreaterThanOrEqual((startMs + aheadMs) * 1000);
    }
  } finally {
    wall.mockRestore();
    systemClock.now();
  }
});

test('a sleep takes at least its time on the monotonic clock', async () => {
  const started = systemClock.monotonic();
  await systemClock.sleep(20);
  // A timer counts whole milliseconds and may fire within the last of them.
  expect(systemClock.monotonic() - started).toBeGreaterThan(18);
});

test('a sleep that ends leaves no listener on its signal', async () => {
  const { signal } = new AbortController();
  await systemClock.sleep(0, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an abort ends a sleep at once and leaves no timer', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const controller = new AbortController();
  const sleep = systemClock.sleep(3_600_000, controller.signal);
  expect(timers()).toBe(before + 1);
  controller.abort(new Error('closing'));
  await expect(sleep).rejects.toMatchObject({ code: 'CLORTHO_ABORTED', cause: { message: 'closing' } });
  expect(timers()).toBe(before);
});

test('a signal that has aborted before starts no timer', async () => {
  await expect(systemClock.sleep(3_600_000, AbortSignal.abort())).rejects.toMatchObject({
    code: 'CLORTHO_ABORTED',
  });
});
