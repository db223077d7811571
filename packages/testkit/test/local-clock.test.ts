import { expect, it } from 'vitest';
import { localClock, simulatedProcess, virtualClock } from '../src/index.ts';

it('drifts: time passes faster here than in the world', async () => {
  const world = virtualClock();
  const local = localClock(world, { driftPpm: 500, offMicros: 7_000_000 });
  const startMicros = local.now();
  let woke: number | undefined;
  const sleep = (async () => {
    await local.sleep(1000);
    woke = world.monotonic();
  })();
  await world.advance(2000);
  await sleep;
  expect(woke).toBeCloseTo(1000 / 1.0005, 6);
  expect(local.monotonic()).toBeCloseTo(2001, 6);
  expect(local.now() - startMicros).toBe(2_001_000);
  expect(startMicros - world.now()).toBe(7_000_000 - 2_000_000);
});

it('stands still while suspended, and its sleeps with it; the wall clock goes on', async () => {
  const world = virtualClock();
  const local = localClock(world);
  const startMicros = local.now();
  let isAwake = false;
  const sleep = (async () => {
    await local.sleep(100);
    isAwake = true;
  })();
  await world.advance(60);
  local.suspend(1000);
  local.suspend(500);
  await world.advance(1039);
  expect([isAwake, local.monotonic()]).toEqual([false, 99]);
  await world.advance(1);
  await sleep;
  expect(local.monotonic()).toBe(100);
  expect(local.now() - startMicros).toBe(1_100_000);
  local.suspend(10);
  local.shiftNow(-5_000_000);
  await world.advance(20);
  expect([local.monotonic(), local.now() - startMicros]).toEqual([110, 1_120_000 - 5_000_000]);
});

it('leaves no sleep behind that was aborted', async () => {
  const world = virtualClock();
  const abort = new AbortController();
  const sleep = localClock(world).sleep(100, abort.signal);
  abort.abort();
  await expect(sleep).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
  expect(world.pending).toBe(0);
});

it('a paused process hears of nothing until the pause is over', async () => {
  const world = virtualClock();
  const process = simulatedProcess({ name: 'p', clock: world });
  const heard: number[] = [];
  const listen = (work: Promise<unknown>): Promise<unknown> => work.then(() => heard.push(world.monotonic()));
  const sleep = listen(process.clock.sleep(10));
  const answer = listen(process.fence(world.sleep(20)));
  process.pause(50);
  process.pause(30);
  await world.advance(49);
  expect(heard).toEqual([]);
  await world.advance(1);
  await Promise.all([sleep, answer]);
  expect(heard).toEqual([50, 50]);
});
