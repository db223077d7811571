/** Random calls, restarts and accidents beside the obvious: bytes are right or absent, and never too many. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CachedObject } from '../../src/index.ts';
import { budgetOf, bytesOf, expectBytes, fetchOf, objectOf, opened, PAGE } from './fixture.ts';
import { type Call, type Fault, MemoryFiles } from './memory-files.ts';

const objects = [1, PAGE - 1, PAGE, 2 * PAGE + 5, 6 * PAGE].map((bytes, index) =>
  objectOf(`object ${index}`, bytes),
);

type Step =
  | {
      readonly kind: 'get' | 'read' | 'put' | 'warm';
      readonly object: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'delete'; readonly object: number }
  | { readonly kind: 'reopen' | 'settle' }
  | { readonly kind: 'kill' | 'cut' | 'flip'; readonly at: number };

const object = fc.nat(objects.length - 1);
const part = fc.double({ min: 0, max: 1, noNaN: true });
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constantFrom('get' as const, 'read' as const, 'put' as const, 'warm' as const),
      object,
      from: part,
      to: part,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), object }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'settle' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('kill', 'cut', 'flip'), at: part }) },
);

const range = (of: CachedObject, from: number, to: number): [number, number] => {
  const start = Math.floor(Math.min(from, to) * of.bytes);
  return [start, Math.ceil(Math.max(from, to) * of.bytes) - start];
};

const FAULTS: readonly Fault[] = ['ENOSPC', 'EIO', 'EROFS', 'EACCES', { bytes: 0 }, { bytes: 7 }, undefined];
const CALLS: readonly Call[] = [
  'open',
  'read',
  'write',
  'links',
  'close',
  'makeDirectory',
  'list',
  'link',
  'remove',
];

const tape = fc.array(fc.tuple(fc.nat(30), fc.constantFrom(...CALLS), fc.constantFrom(...FAULTS)), {
  maxLength: 20,
});

async function run(
  pages: number,
  steps: readonly Step[],
  faults: readonly [number, Call, Fault][],
): Promise<void> {
  let files = new MemoryFiles();
  let countdown = 0;
  let next = 0;
  // The faults of the tape come one after the other, each to the first call of its kind after a while.
  const fault = (call: Call): Fault => {
    countdown += 1;
    const due = faults[next];
    if (due === undefined || countdown < due[0] || call !== due[1]) return undefined;
    next += 1;
    countdown = 0;
    return due[2];
  };
  let snapshot: MemoryFiles | undefined;
  const open = () => {
    files.fault = fault;
    files.onWrite = () => {
      expect(files.totalBytes).toBeLessThanOrEqual(budgetOf(pages));
      if (Math.imul(files.writes, 0x9e3779b1) >>> 29 === 0) snapshot = files.copy();
    };
    return opened(pages, { pauseMs: 5 }, files);
  };
  let { cache, clock } = await open();
  for (const each of steps) {
    clock.ms += 1;
    if (each.kind === 'settle') await cache.settled();
    else if (each.kind === 'delete') await cache.delete(objects[each.object] as CachedObject);
    else if ('from' in each) {
      const of = objects[each.object] as CachedObject;
      const [offset, length] = range(of, each.from, each.to);
      const wanted = bytesOf(of, offset, length);
      if (each.kind === 'put') await cache.put(of, offset, wanted);
      else if (each.kind === 'warm') await cache.warm(of, fetchOf(of).fetch, { offset, length });
      else if (each.kind === 'read')
        expectBytes(await cache.read(of, offset, length, fetchOf(of).fetch), wanted);
      else {
        const found = await cache.get(of, offset, length);
        if (found !== undefined) expectBytes(found, wanted);
      }
    } else {
      if (each.kind !== 'kill') await cache.close();
      // Killed: what goes on in the old process goes to files that nobody sees any more.
      files = each.kind === 'kill' && snapshot !== undefined ? snapshot : files.copy();
      snapshot = undefined;
      if (files.names.size === 1) {
        const at = 'at' in each ? Math.floor(each.at * files.content.length) : 0;
        if (each.kind === 'cut') files.content = files.content.slice(0, at);
        if (each.kind === 'flip' && at > 0) files.content[at] = (files.content[at] as number) ^ 0x10;
      }
      ({ cache, clock } = await open());
      for (const of of objects) {
        for (let offset = 0; offset < of.bytes; offset += PAGE) {
          const length = Math.min(PAGE, of.bytes - offset);
          const found = await cache.get(of, offset, length);
          if (found !== undefined) expectBytes(found, bytesOf(of, offset, length));
        }
      }
    }
  }
  await cache.close();
  expect([files.openFiles, files.usesAfterClose]).toEqual([0, 0]);
}

const steps = fc.array(step, { maxLength: 40 });

describe('any sequence of calls', () => {
  it('with restarts, kills, cut and flipped bytes returns what is right, or nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), steps, (pages, steps) => run(pages, steps, [])),
      { numRuns: 150 },
    );
  });

  it('on a disk that fails at any call returns what is right, or nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), steps, tape, (pages, steps, faults) =>
        run(pages, steps, faults),
      ),
      { numRuns: 150 },
    );
  });

  it('keeps everything while everything fits one set', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(objects, { minLength: 1 }), async (chosen) => {
        const { cache, files } = await opened(12);
        await Promise.all(chosen.map((each) => cache.put(each, 0, bytesOf(each, 0, each.bytes))));
        for (const reader of [cache, (await opened(12, {}, files)).cache]) {
          for (const each of chosen) {
            expectBytes(await reader.get(each, 0, each.bytes), bytesOf(each, 0, each.bytes));
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('any one damage', () => {
  it('of a byte anywhere costs at most a page', async () => {
    const { cache, files } = await opened(8);
    for (const each of objects.slice(0, 4)) await cache.put(each, 0, bytesOf(each, 0, each.bytes));
    await cache.close();
    const pristine = files.content.slice();
    // Every byte of the first slot's header and of the tags, and some of everything.
    const places = new Set<number>();
    for (let at = 4096; at < 4096 + 64; at += 1) places.add(at);
    for (let at = 8192; at < 8192 + 64; at += 1) places.add(at);
    for (let at = 0; at < pristine.length; at += 997) places.add(at);
    for (const at of places) {
      const copy = files.copy();
      copy.content[at] = (copy.content[at] as number) ^ 0x81;
      const again = await opened(8, {}, copy);
      let missing = 0;
      for (const each of objects.slice(0, 4)) {
        for (let offset = 0; offset < each.bytes; offset += PAGE) {
          const length = Math.min(PAGE, each.bytes - offset);
          const found = await again.cache.get(each, offset, length);
          if (found === undefined) missing += 1;
          else expectBytes(found, bytesOf(each, offset, length));
        }
      }
      expect(missing).toBeLessThanOrEqual(at < 4096 ? 6 : 1);
      expect(again.events.every(({ kind }) => kind === (at < 4096 ? 'set-aside' : 'damaged'))).toBe(true);
      await again.cache.close();
    }
  });
});
