import { virtualClock } from '@clortho/testkit';
import { describe, expect, it } from 'vitest';
import { ByteRate } from '../../src/maintenance/byte-rate.ts';

describe('a budget of bytes per second', () => {
  it('lets no more through than the rate, shared by all', async () => {
    const clock = virtualClock();
    const rate = new ByteRate(clock, 1000);
    let granted = 0;
    const spend = async (): Promise<void> => {
      for (let piece = 0; piece < 50; piece += 1) {
        await rate.spend(100, undefined);
        granted += 100;
      }
    };
    const all = Promise.all([spend(), spend()]);
    for (let second = 1; second <= 9; second += 1) {
      await clock.advance(1000);
      expect(granted).toBeGreaterThanOrEqual(1000 * second);
      expect(granted).toBeLessThanOrEqual(1000 * second + 300);
    }
    await clock.advance(2000);
    await all;
    expect(granted).toBe(10_000);
  });

  it('saves up little of what was not used', async () => {
    const clock = virtualClock();
    const rate = new ByteRate(clock, 1000);
    await rate.spend(100, undefined);
    await clock.advance(60_000);
    let granted = 0;
    const all = (async () => {
      for (; granted < 2000; granted += 100) await rate.spend(100, undefined);
    })();
    await clock.advance(0);
    expect(granted).toBeLessThanOrEqual(300);
    await clock.advance(3000);
    await all;
  });

  it('ends when it is aborted, and refuses a rate of nothing', async () => {
    const clock = virtualClock();
    const rate = new ByteRate(clock, 1);
    const controller = new AbortController();
    await rate.spend(1000, undefined);
    const waiting = rate.spend(1, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    expect(() => new ByteRate(clock, 0)).toThrow(/above zero/);
    await new ByteRate(clock, undefined).spend(1e12, undefined);
  });
});
