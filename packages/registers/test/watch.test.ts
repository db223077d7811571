import { ClorthoError, type ErrorCode, encodeUtf8 } from '@clortho/base';
import { virtualClock } from '@clortho/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryRegisterStore } from '../src/memory.ts';
import type { Register, RegisterStore } from '../src/register-store.ts';
import { watch } from '../src/watch.ts';

async function write(store: RegisterStore, key: string, text: string): Promise<void> {
  const [register] = await store.read([key]);
  await store.compareAndSwap([{ key, expect: register?.version ?? 0, value: encodeUtf8(text) }]);
}

/** Collects what a watch yields while the test moves the clock. */
function observe(store: RegisterStore, keys: readonly string[], intervalMs = 100) {
  const clock = virtualClock();
  const abort = new AbortController();
  const yields: string[][] = [];
  const ended = (async () => {
    for await (const registers of watch(store, keys, { intervalMs, clock, signal: abort.signal })) {
      yields.push(registers.map(({ key, version }) => `${key}@${version}`));
    }
  })();
  ended.catch(() => undefined);
  return { clock, abort, yields, ended };
}

test('a watch yields the state first, then what changed, newest versions only', async () => {
  const store = memoryRegisterStore();
  await write(store, 'a', '1');
  const { clock, yields, abort, ended } = observe(store, ['a', 'b']);
  await clock.advance(0);
  expect(yields).toEqual([['a@1']]);
  await clock.advance(300);
  expect(yields.length).toBe(1);
  await write(store, 'b', '1');
  await write(store, 'a', '2');
  await write(store, 'a', '3');
  await write(store, 'c', 'not watched');
  await clock.advance(100);
  expect(yields.slice(1)).toEqual([['a@3', 'b@1']]);
  abort.abort();
  await ended;
  expect(clock.pending).toBe(0);
});

test('a watch reads once per interval, a hundred registers at a time, and not while its consumer is busy', async () => {
  const store = memoryRegisterStore();
  const keys = Array.from({ length: 250 }, (_, index) => `k${index}`);
  const { clock, abort } = observe(store, keys);
  await clock.advance(0);
  expect(store.counters.reads).toBe(3);
  await clock.advance(1000);
  expect(store.counters.reads).toBe(33);
  abort.abort();

  const iterator = watch(store, ['a'], { intervalMs: 100, clock });
  expect(await iterator.next()).toEqual({ done: false, value: [] });
  const before = store.counters.reads;
  await clock.advance(5000);
  expect(store.counters.reads).toBe(before);
  await iterator.return();
  expect(clock.pending).toBe(0);
});

test('a store that takes one register per call is read one by one', async () => {
  const inner = memoryRegisterStore();
  await write(inner, 'a', '1');
  await write(inner, 'b', '1');
  const store: RegisterStore = { ...inner, supports: { atomicMany: false } };
  const { clock, yields, abort } = observe(store, ['a', 'b']);
  await clock.advance(0);
  expect(yields).toEqual([['a@1', 'b@1']]);
  abort.abort();
});

/** A store whose next reads fail. */
function failing(inner: RegisterStore, codes: ErrorCode[]): RegisterStore {
  return {
    ...inner,
    read: async (keys, options) => {
      const code = codes.shift();
      if (code !== undefined) throw new ClorthoError(code, 'injected');
      return inner.read(keys, options);
    },
  };
}

test('an unavailable store is asked again within the interval; other errors end the watch', async () => {
  const inner = memoryRegisterStore();
  await write(inner, 'a', '1');
  const codes: ErrorCode[] = ['CLORTHO_UNAVAILABLE', 'CLORTHO_UNAVAILABLE'];
  const { clock, yields, ended } = observe(failing(inner, codes), ['a']);
  await clock.advance(60);
  expect(yields).toEqual([['a@1']]);
  codes.push('CLORTHO_UNAVAILABLE', 'CLORTHO_CORRUPT');
  await clock.advance(200);
  await expect(ended).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
  expect(clock.pending).toBe(0);
});

test('an abort ends a watch during a read and during an outage, without an error', async () => {
  const inner = memoryRegisterStore();
  const outage = observe(failing(inner, new Array(99).fill('CLORTHO_UNAVAILABLE')), ['a']);
  await outage.clock.advance(200);
  outage.abort.abort();
  await outage.ended;
  expect([outage.yields, outage.clock.pending]).toEqual([[], 0]);

  const hanging: RegisterStore = {
    ...inner,
    read: (_keys, options) =>
      new Promise((_resolve, reject) => {
        const stop = (): void => reject(new ClorthoError('CLORTHO_ABORTED', 'stopped'));
        options?.signal?.addEventListener('abort', stop);
      }),
  };
  const reading = observe(hanging, ['a']);
  await reading.clock.advance(0);
  reading.abort.abort();
  await reading.ended;
});

test('wrong arguments are refused', async () => {
  const store = memoryRegisterStore();
  for (const intervalMs of [0, -1, Number.NaN, Infinity]) {
    await expect(watch(store, ['a'], { intervalMs }).next()).rejects.toMatchObject({
      code: 'CLORTHO_INVALID',
    });
  }
  await expect(watch(store, ['a', 'a']).next()).rejects.toMatchObject({ code: 'CLORTHO_INVALID' });
});

test('whatever is written when, a watch ends up with the last versions and never goes back', async () => {
  const step = fc.oneof(
    fc.record({ write: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ waitMs: fc.integer({ min: 0, max: 250 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const store = memoryRegisterStore();
      const clock = virtualClock();
      const abort = new AbortController();
      const versions = new Map<string, number>();
      const ended = (async () => {
        for await (const registers of watch(store, ['a', 'b', 'c'], {
          intervalMs: 100,
          clock,
          signal: abort.signal,
        }))
          for (const { key, version } of registers) {
            expect(version).toBeGreaterThan(versions.get(key) ?? 0);
            versions.set(key, version);
          }
      })();
      for (const each of steps) {
        if ('write' in each) await write(store, each.write, 'x');
        else await clock.advance(each.waitMs);
      }
      await clock.advance(200);
      const last = (await store.read(['a', 'b', 'c'])).filter(
        (register): register is Register => register !== undefined,
      );
      expect(versions).toEqual(new Map(last.map(({ key, version }) => [key, version])));
      abort.abort();
      await ended;
    }),
    { numRuns: 50 },
  );
});
