import { virtualClock } from '@clortho/testkit';
import { expect, test } from 'vitest';
import { deadlines } from '../../src/lmdb/deadlines.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('deadlines pass in their order, unless they are cleared, behind one timer', async () => {
  const clock = virtualClock();
  const limits = deadlines(clock, 100);
  const passed: string[] = [];
  const set = (name: string): (() => void) => limits.set(() => passed.push(name));
  const clearA = set('a');
  set('b');
  await clock.advance(50);
  const clearC = set('c');
  set('d');
  expect(clock.pending).toBe(1);
  clearA();
  await clock.advance(49);
  expect(passed).toEqual([]);
  await clock.advance(1);
  await turn();
  expect(passed).toEqual(['b']);
  clearC();
  await clock.advance(50);
  await turn();
  expect(passed).toEqual(['b', 'd']);
  await turn();
  expect(clock.pending).toBe(0);
});

test('no timer stays when the last deadline is cleared, and it starts again for the next', async () => {
  const clock = virtualClock();
  const limits = deadlines(clock, 100);
  limits.set(() => undefined)();
  await turn();
  expect(clock.pending).toBe(0);
  await clock.advance(500);
  let passed = 0;
  limits.set(() => {
    passed += 1;
  });
  await clock.advance(99);
  expect(passed).toBe(0);
  await clock.advance(1);
  expect(passed).toBe(1);
});
