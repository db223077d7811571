import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limiter } from '../src/index.ts';

/** A task that runs until the test says so. */
function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

test('tasks start in order of arrival, and never more than there are places', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(3), { maxLength: 20 }),
      async (limit, turns) => {
        const places = limiter(limit);
        const started: number[] = [];
        let running = 0;
        const results = turns.map((count, index) =>
          places.run(async () => {
            started.push(index);
            running += 1;
            expect(running).toBeLessThanOrEqual(limit);
            expect(places.running).toBeGreaterThanOrEqual(running);
            for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
            running -= 1;
            return index;
          }),
        );
        expect(await Promise.all(results)).toEqual(turns.map((_, index) => index));
        expect(started).toEqual(turns.map((_, index) => index));
        expect([places.running, places.waiting]).toEqual([0, 0]);
      },
    ),
  );
});

test('all places are used', async () => {
  const places = limiter(2);
  const gates = [gate(), gate(), gate()];
  const results = gates.map(({ promise }) => places.run(() => promise));
  await Promise.resolve();
  expect([places.running, places.waiting]).toEqual([2, 1]);
  for (const { open } of gates) open();
  await Promise.all(results);
  expect([places.running, places.waiting]).toEqual([0, 0]);
});

test('a task that fails gives its place back and its error through', async () => {
  const places = limiter(1);
  const failure = places.run(() => Promise.reject(new Error('disk')));
  const next = places.run(() => Promise.resolve('next'));
  await expect(failure).rejects.toThrow('disk');
  await expect(next).resolves.toBe('next');
  expect(places.running).toBe(0);
});

test('a task that throws before its first promise gives its place back', async () => {
  const places = limiter(1);
  await expect(
    places.run(() => {
      throw new Error('early');
    }),
  ).rejects.toThrow('early');
  expect(places.running).toBe(0);
});

test('a task aborted while it waits never starts and holds no place', async () => {
  const places = limiter(1);
  const first = gate();
  const holder = places.run(() => first.promise);
  const controller = new AbortController();
  let isStarted = false;
  const waiter = places.run(async () => {
    isStarted = true;
  }, controller.signal);
  const last = places.run(() => Promise.resolve('last'));
  await Promise.resolve();
  controller.abort();
  await expect(waiter).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
  expect(places.waiting).toBe(1);
  first.open();
  await holder;
  await expect(last).resolves.toBe('last');
  expect(isStarted).toBe(false);
});

test('an abort after the start is the business of the task, and leaves no listener', async () => {
  const places = limiter(1);
  const first = gate();
  const holder = places.run(() => first.promise);
  const controller = new AbortController();
  const second = gate();
  const waiter = places.run(() => second.promise, controller.signal);
  await Promise.resolve();
  first.open();
  await holder;
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  controller.abort();
  second.open();
  await expect(waiter).resolves.toBeUndefined();
});

test('a signal that has aborted before is refused even when a place is free', async () => {
  const places = limiter(1);
  await expect(places.run(() => Promise.resolve(), AbortSignal.abort())).rejects.toMatchObject({
    code: 'CLORTHO_ABORTED',
  });
  expect(places.running).toBe(0);
});
