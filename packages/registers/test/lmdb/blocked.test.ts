/** What happens to a process while another one holds LMDB's write lock and does not run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, isClorthoError, systemClock } from '@clortho/base';
import { expect, onTestFinished, test } from 'vitest';
import { lmdbRegisterStore } from '../../src/lmdb/lmdb.ts';
import type { RegisterStore, SwapResult } from '../../src/register-store.ts';

/** Longer than a busy machine takes to start a thread. */
const TIMEOUT_MS = 1500;
/** A blocked event loop stands still for seconds; a busy machine makes it late by less. */
const LOOP_DELAY_MS_MAX = 500;
const value = new Uint8Array([1, 2, 3]);

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'clortho-registers-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

function run(script: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Starts a process that holds the lock of `directory`, and waits until it does. */
async function holdLock(directory: string, how: 'stop' | 'wait'): Promise<ChildProcess> {
  const holder = run('hold.mjs', join(directory, 'registers.mdb'), how);
  await once(holder.stdout as NonNullable<typeof holder.stdout>, 'data');
  return holder;
}

async function outputOf(child: ChildProcess): Promise<{ output: string; exit: unknown }> {
  let output = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { output, exit: code ?? signal };
}

async function codeOf(call: Promise<unknown>): Promise<ErrorCode | 'none'> {
  return call.then(
    () => 'none',
    (error: unknown) => (isClorthoError(error) ? error.code : 'none'),
  );
}

function swap(store: RegisterStore, key: string, expect = 0): Promise<SwapResult> {
  return store.compareAndSwap([{ key, expect, value }]);
}

/** Opens registers that are there already, for a test that ends while they may be locked. */
async function openStore(directory: string): Promise<RegisterStore> {
  const store = await lmdbRegisterStore(directory, { create: true, timeoutMs: TIMEOUT_MS });
  onTestFinished(() => store.close());
  return store;
}

test('calls end in time and the event loop stays free while a stopped process holds the lock', async () => {
  const directory = await temporaryDirectory();
  const store = await openStore(directory);
  await swap(store, 'kept');
  const holder = await holdLock(directory, 'stop');
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const swaps = ['a', 'b', 'c'].map((key) => codeOf(swap(store, key)));
  await systemClock.sleep(TIMEOUT_MS / 2);
  const later = codeOf(swap(store, 'd'));
  expect((await store.read(['kept', 'a'])).map((register) => register?.version)).toEqual([1, undefined]);
  expect(await Promise.all([...swaps, later])).toEqual(new Array(4).fill('CLORTHO_UNAVAILABLE'));
  delays.disable();
  expect(delays.max / 1e6).toBeLessThan(LOOP_DELAY_MS_MAX);

  holder.kill('SIGCONT');
  await once(holder, 'close');
  expect(await swap(store, 'after')).toEqual({ applied: true });
  expect(await store.read(['a', 'b', 'c', 'd'])).toEqual(new Array(4).fill(undefined));
  for (const key of ['a', 'b', 'c', 'd']) expect(await swap(store, key)).toEqual({ applied: true });
});

test('swaps that wait in vain are not applied later, those that can wait are', async () => {
  const directory = await temporaryDirectory();
  const store = await openStore(directory);
  const holder = await holdLock(directory, 'stop');
  const early = codeOf(swap(store, 'early'));
  await systemClock.sleep(TIMEOUT_MS * 0.75);
  const late = swap(store, 'late');
  expect(await early).toBe('CLORTHO_UNAVAILABLE');
  holder.kill('SIGCONT');
  expect(await late).toEqual({ applied: true });
  expect(await store.read(['early'])).toEqual([undefined]);
});

test('a signal withdraws a swap that waits for the lock', async () => {
  const directory = await temporaryDirectory();
  const store = await openStore(directory);
  const holder = await holdLock(directory, 'stop');
  const abort = new AbortController();
  const change = [{ key: 'a', expect: 0, value }];
  const aborted = codeOf(store.compareAndSwap(change, { signal: abort.signal }));
  const other = swap(store, 'b');
  await systemClock.sleep(50);
  abort.abort();
  expect(await aborted).toBe('CLORTHO_ABORTED');
  holder.kill('SIGCONT');
  expect(await other).toEqual({ applied: true });
  expect(await store.read(['a'])).toEqual([undefined]);
});

test('opening ends in time, and finds the registers once the lock is free', async () => {
  const directory = await temporaryDirectory();
  await (await lmdbRegisterStore(directory, { create: true })).close();
  const holder = await holdLock(directory, 'stop');
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const opens = [1, 2].map(() => codeOf(lmdbRegisterStore(directory, { timeoutMs: TIMEOUT_MS })));
  expect(await Promise.all(opens)).toEqual(new Array(2).fill('CLORTHO_UNAVAILABLE'));
  delays.disable();
  expect(delays.max / 1e6).toBeLessThan(LOOP_DELAY_MS_MAX);
  const opening = openStore(directory);
  holder.kill('SIGCONT');
  expect(await swap(await opening, 'a')).toEqual({ applied: true });
});

test('a process killed inside a transaction leaves nothing of it, and nobody waiting', async () => {
  const directory = await temporaryDirectory();
  const store = await openStore(directory);
  const holder = await holdLock(directory, 'wait');
  const waiting = swap(store, 'a');
  holder.kill('SIGKILL');
  expect(await waiting).toEqual({ applied: true });
  const listed: string[] = [];
  for await (const { key } of store.list('')) listed.push(key);
  expect(listed).toEqual(['a']);
});

test('a store closes in time while the lock is held, and can be opened again', async () => {
  const directory = await temporaryDirectory();
  const store = await lmdbRegisterStore(directory, { create: true, timeoutMs: TIMEOUT_MS });
  const holder = await holdLock(directory, 'stop');
  const blocked = codeOf(swap(store, 'a'));
  await store.close();
  expect(await blocked).toBe('CLORTHO_UNAVAILABLE');
  const again = await openStore(directory);
  expect(await codeOf(swap(again, 'b'))).toBe('CLORTHO_UNAVAILABLE');
  holder.kill('SIGCONT');
  expect(await swap(again, 'c')).toEqual({ applied: true });
});

test('a process ends by itself, closed or not, and leaves the lock to others', async () => {
  const directory = await temporaryDirectory();
  for (const [how, exit] of [
    ['close', 0],
    ['leave', 0],
    ['exit', 3],
  ] as const) {
    expect(await outputOf(run('closes.mjs', directory, how, '20000'))).toEqual({
      output: 'applied=true',
      exit,
    });
  }
  expect(await swap(await openStore(directory), 'a')).toEqual({ applied: true });
});

test('a program from the command line has a thread too', async () => {
  const directory = await temporaryDirectory();
  const program = `
    const { lmdbRegisterStore } = await import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)});
    const store = await lmdbRegisterStore(${JSON.stringify(directory)}, { create: true });
    process.stdout.write(JSON.stringify(await store.read(['a'])));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(await outputOf(child)).toEqual({ output: '[null]', exit: 0 });
});

test('a process ends although its thread is held up for good', async () => {
  const directory = await temporaryDirectory();
  await (await lmdbRegisterStore(directory, { create: true })).close();
  await holdLock(directory, 'stop');
  for (const how of ['close', 'leave', 'exit']) {
    const ended = await outputOf(run('closes.mjs', directory, how, String(TIMEOUT_MS)));
    expect(ended).toEqual({ output: 'CLORTHO_UNAVAILABLE', exit: 'SIGKILL' });
  }
});

test('processes that open a new directory at the same moment all succeed', async () => {
  for (let round = 0; round < 3; round += 1) {
    const directory = join(await temporaryDirectory(), 'new');
    const opening = [1, 2, 3].map(() => outputOf(run('closes.mjs', directory, 'close', '20000')));
    for (const opened of await Promise.all(opening))
      expect(opened).toEqual({ output: 'applied=true', exit: 0 });
    const store = await openStore(directory);
    let writers = 0;
    for await (const { key } of store.list('by/')) writers += key.startsWith('by/') ? 1 : 0;
    expect(writers).toBe(3);
  }
});
