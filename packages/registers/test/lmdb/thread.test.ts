/** The LMDB thread and the queue before it: groups, bounds, and what happens when the thread dies. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { systemClock } from '@clortho/base';
import { virtualClock } from '@clortho/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { deadlines } from '../../src/lmdb/deadlines.ts';
import { type LmdbThread, lmdbThread } from '../../src/lmdb/lmdb-thread.ts';
import { GROUP_BEGUN, moveGroup, type SwapOutcome } from '../../src/lmdb/messages.ts';
import { type SendGroup, swapQueue } from '../../src/lmdb/swap-queue.ts';
import { startWorker } from '../../src/lmdb/thread-link.ts';
import type { RegisterChange } from '../../src/register-store.ts';

const APPLIED: SwapOutcome = { result: { applied: true } };
const changeOf = (key: string, bytes = 3): readonly RegisterChange[] => [
  { key, expect: 0, value: new Uint8Array(bytes) },
];

/** A queue whose groups are answered by the test. */
function heldQueue(timeoutMs = 1000) {
  const clock = virtualClock();
  const groupState = new Int32Array(new SharedArrayBuffer(4));
  const groups: {
    keys: string[];
    answer: (outcomes: readonly SwapOutcome[] | null) => void;
    fail: () => void;
  }[] = [];
  const send: SendGroup = (swaps) =>
    new Promise((resolve, reject) => {
      const keys = swaps.map(([change]) => change?.key ?? '');
      groups.push({ keys, answer: resolve, fail: () => reject(new Error('the thread died')) });
    });
  const queue = swapQueue('/file', clock, deadlines(clock, timeoutMs), groupState, send);
  return { clock, queue, groups, begin: () => moveGroup(groupState, GROUP_BEGUN) };
}

/** Lets the queue take note of an answer and gather its next group. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('swaps that come while a group is written are the next group', async () => {
  const { queue, groups } = heldQueue();
  const swaps = ['a', 'b', 'c'].map((key) => queue.swap(changeOf(key), undefined));
  expect(groups.map(({ keys }) => keys)).toEqual([['a']]);
  groups[0]?.answer([APPLIED]);
  await swaps[0];
  swaps.push(queue.swap(changeOf('d'), undefined));
  await turn();
  expect(groups[1]?.keys).toEqual(['b', 'c', 'd']);
  groups[1]?.answer([APPLIED, { failure: { code: 'CLORTHO_CORRUPT', message: 'damaged' } }, APPLIED]);
  await expect(swaps[2]).rejects.toMatchObject({ code: 'CLORTHO_CORRUPT' });
  expect(await Promise.all([swaps[1], swaps[3]])).toEqual([{ applied: true }, { applied: true }]);
});

test('a group that waits is withdrawn at the first deadline, and the others go on', async () => {
  const { clock, queue, groups, begin } = heldQueue();
  const first = queue.swap(changeOf('a'), undefined);
  const refused = expect(first).rejects.toMatchObject({ code: 'CLORTHO_UNAVAILABLE' });
  await clock.advance(600);
  const second = queue.swap(changeOf('b'), undefined);
  await clock.advance(400);
  await refused;
  expect(begin()).toBe(false); // The thread gets the lock too late.
  groups[0]?.answer(null);
  await turn();
  expect(groups[1]?.keys).toEqual(['b']);
  expect(begin()).toBe(true);
  groups[1]?.answer([APPLIED]);
  expect(await second).toEqual({ applied: true });
  await turn();
  expect(clock.pending).toBe(0);
});

test('a swap that is being written at its deadline is unknown, and its signal waits for the outcome', async () => {
  const { clock, queue, groups, begin } = heldQueue();
  const abort = new AbortController();
  const late = queue.swap(changeOf('a'), undefined);
  begin();
  const refused = expect(late).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
  await clock.advance(1000);
  await refused;
  groups[0]?.answer([APPLIED]);
  await turn();
  const aborted = queue.swap(changeOf('b'), abort.signal);
  begin();
  abort.abort();
  groups[1]?.answer([APPLIED]);
  expect(await aborted).toEqual({ applied: true });
});

test('a thread that dies leaves swaps unknown once they were begun, else not applied', async () => {
  const { queue, groups, begin } = heldQueue();
  const waiting = queue.swap(changeOf('a'), undefined);
  groups[0]?.fail();
  await expect(waiting).rejects.toMatchObject({
    code: 'CLORTHO_UNAVAILABLE',
    cause: { message: 'the thread died' },
  });
  await turn();
  const begun = queue.swap(changeOf('b'), undefined);
  begin();
  groups[1]?.fail();
  await expect(begun).rejects.toMatchObject({ code: 'CLORTHO_OUTCOME_UNKNOWN' });
});

test('what waits is bounded in number and in bytes', async () => {
  const { clock, queue } = heldQueue();
  const refusal = { code: 'CLORTHO_UNAVAILABLE', message: expect.stringContaining('too many swaps wait') };
  const small = Array.from({ length: 4096 }, (_, index) => queue.swap(changeOf(`k${index}`), undefined));
  await expect(queue.swap(changeOf('more'), undefined)).rejects.toMatchObject(refusal);
  const all = Promise.allSettled(small);
  await clock.advance(1000);
  await all;
  const large = Array.from({ length: 16 }, (_, index) =>
    queue.swap(changeOf(`l${index}`, 4 * 2 ** 20), undefined),
  );
  await expect(queue.swap(changeOf('more'), undefined)).rejects.toMatchObject(refusal);
  const rest = Promise.allSettled(large);
  await clock.advance(1000);
  expect((await rest).every(({ status }) => status === 'rejected')).toBe(true);
});

/** A thread on a new file, and the workers that it started. */
async function realThread(): Promise<{ thread: LmdbThread; workers: Worker[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'clortho-registers-'));
  const workers: Worker[] = [];
  const thread = lmdbThread(join(directory, 'registers.mdb'), {
    clock: systemClock,
    timeoutMs: 20_000,
    startWorker: (start) => {
      const worker = startWorker(start);
      workers.push(worker);
      return worker;
    },
  });
  onTestFinished(async () => {
    await thread.end();
    await rm(directory, { recursive: true });
  });
  await thread.prepare(true);
  return { thread, workers };
}

test('a thread that died is replaced, and what was written is there', async () => {
  const { thread, workers } = await realThread();
  await thread.swap(changeOf('a'), undefined);
  for (const died of [1, 2]) {
    const terminated = workers.at(-1)?.terminate();
    const message = expect.stringContaining('the LMDB thread ended');
    await expect(thread.read(['a'], undefined)).rejects.toMatchObject({
      code: 'CLORTHO_UNAVAILABLE',
      message,
    });
    await terminated;
    expect((await thread.read(['a'], undefined))[0]?.version).toBe(1);
    expect(await thread.swap(changeOf(`b${died}`), undefined)).toEqual({ applied: true });
    expect(workers.length).toBe(1 + died);
  }
});

test('nothing is left of a thread that was ended', async () => {
  const { thread, workers } = await realThread();
  const before = process.getActiveResourcesInfo();
  await thread.swap(changeOf('a'), undefined);
  await thread.drained();
  await thread.end();
  expect(workers[0]?.threadId).toBe(-1);
  const after = process.getActiveResourcesInfo();
  expect(after.filter((kind) => kind === 'Timeout').length).toBeLessThanOrEqual(
    before.filter((kind) => kind === 'Timeout').length,
  );
});
