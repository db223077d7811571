/** What the parts of the conformance suite share. */
import assert from 'node:assert/strict';
import { compareBytes, type ErrorCode, encodeUtf8, isClorthoError } from '@clortho/base';
import type { ListOptions, ObjectStore } from '../object-store.ts';

/** Registers one promise, to be checked on an empty store. */
export type Check = (promise: string, body: (store: ObjectStore) => Promise<void>) => void;

/** Returns bytes that differ by seed and repeat with no power of two, so that a shifted range shows. */
export function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1)
    bytes[index] = (index % 251) * 7 + seed * 13 + (index >> 12);
  return bytes;
}

/** Returns the listed keys. */
export async function keysOf(store: ObjectStore, prefix: string, options?: ListOptions): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, options)) keys.push(key);
  return keys;
}

/** Returns the keys in the order of their UTF-8 bytes. */
export function byteOrder(keys: readonly string[]): string[] {
  return [...keys].sort((left, right) => compareBytes(encodeUtf8(left), encodeUtf8(right)));
}

/** Tells whether `key` sorts above `after`. */
export function isAbove(key: string, after: string): boolean {
  return compareBytes(encodeUtf8(key), encodeUtf8(after)) > 0;
}

/** Asserts that the call fails with `code`. */
export async function rejects(call: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(isClorthoError(error), `expected ${code}, got ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}
