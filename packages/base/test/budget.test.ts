import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget } from '../src/index.ts';

describe('a budget', () => {
  it('gives in order of arrival, and never more than it has', async () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(amounts, fc.func(fc.nat(3)), async (takes, turnsOf) => {
        const shared = budget(10);
        const entered: number[] = [];
        let used = 0;
        await Promise.all(
          takes.map(async (amount, index) => {
            await shared.take(amount);
            entered.push(index);
            used += amount;
            expect(used <= 10 || used === amount).toBe(true);
            for (let turns = turnsOf(index); turns > 0; turns -= 1) await Promise.resolve();
            used -= amount;
            shared.give(amount);
          }),
        );
        expect(entered).toEqual(takes.map((_, index) => index));
        expect([shared.used, shared.waiting]).toEqual([0, 0]);
      }),
    );
  });

  it('gives at once what is there, unless somebody waits', () => {
    const shared = budget(10);
    expect(shared.take(6)).toBeUndefined();
    expect(shared.take(6)).toBeInstanceOf(Promise);
    expect(shared.take(1)).toBeInstanceOf(Promise);
    expect([shared.used, shared.waiting]).toEqual([6, 2]);
  });

  it('lets an amount above the whole limit in alone', async () => {
    const shared = budget(10);
    expect(shared.take(1)).toBeUndefined();
    let isIn = false;
    const large = (async (): Promise<void> => {
      await shared.take(100);
      isIn = true;
    })();
    await Promise.resolve();
    expect(isIn).toBe(false);
    shared.give(1);
    await large;
    expect(shared.used).toBe(100);
  });

  it('is not held up by who was aborted while waiting', async () => {
    const shared = budget(10);
    expect(shared.take(8)).toBeUndefined();
    const abort = new AbortController();
    const large = shared.take(9, abort.signal);
    const small = shared.take(2);
    abort.abort(new Error('enough'));
    await expect(large).rejects.toMatchObject({ code: 'CLORTHO_ABORTED' });
    await small;
    expect([shared.used, shared.waiting]).toEqual([10, 0]);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    expect(() => shared.take(1, abort.signal)).toThrow(expect.objectContaining({ code: 'CLORTHO_ABORTED' }));
  });
});
