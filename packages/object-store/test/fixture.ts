/** What several tests need. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, type ErrorCode, isClorthoError } from '@clortho/base';
import { expect, onTestFinished } from 'vitest';
import type { ObjectStore } from '../src/index.ts';

/** Returns a directory that goes when the test ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'clortho-objects-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Returns a clock whose sleeps take no time but are added to its own. */
export function hastyClock(): Clock & { readonly sleptMs: readonly number[] } {
  const sleptMs: number[] = [];
  let elapsedMs = 0;
  return {
    sleptMs,
    now: () => Math.round(elapsedMs * 1000),
    monotonic: () => elapsedMs,
    sleep: async (ms) => {
      sleptMs.push(ms);
      elapsedMs += ms;
      await Promise.resolve();
    },
  };
}

/** Returns the errors of calls made one after another, which must all fail with `code`. */
export async function failures(
  calls: readonly (() => Promise<unknown>)[],
  code: ErrorCode,
): Promise<Error[]> {
  const errors: Error[] = [];
  for (const call of calls) errors.push(await failure(call(), code));
  return errors;
}

/** Returns the error of a call that must fail with `code`. */
export async function failure(call: Promise<unknown>, code: ErrorCode): Promise<Error> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: Error) => reason,
  );
  expect(isClorthoError(error, code), String(error)).toBe(true);
  return error;
}

/** Returns the listed keys. */
export async function keysOf(store: ObjectStore, prefix = '', after?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, { after })) keys.push(key);
  return keys;
}

/** Returns `text` as bytes. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
