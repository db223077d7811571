/** What the tests of the suite do again and again. */
import { strict as assert } from 'node:assert';
import { type ErrorCode, encodeUtf8, isClorthoError } from '@clortho/base';
import type { Register, RegisterStore } from '../register-store.ts';

/** The stores of one test: two handles on the same registers, or one twice. */
export interface Handles {
  readonly store: RegisterStore;
  readonly another: RegisterStore;
}

/** Tests by title. */
export type Tests = Readonly<Record<string, (handles: Handles) => Promise<void>>>;

/** How many writers compete in a test. */
export const WRITERS = 8;
/**
 * How often a writer tries one change. A loss means that another writer won, so a sound store needs far fewer;
 * a broken one could lose for ever.
 */
export const TRIES_MAX = 200;

/** Returns everything that a list yields. */
export async function collect(registers: AsyncIterable<Register>): Promise<Register[]> {
  const collected: Register[] = [];
  for await (const register of registers) collected.push(register);
  return collected;
}

/** Swaps one register and expects that it was applied. */
export async function applied(
  store: RegisterStore,
  key: string,
  expect: number,
  value: string,
): Promise<void> {
  const result = await store.compareAndSwap([{ key, expect, value: encodeUtf8(value) }]);
  assert.equal(result.applied, true, `${key} at ${expect}`);
}

/** Expects that a call is refused with `code`. */
export async function refuses(code: ErrorCode, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(isClorthoError(error, code), `wanted ${code}, got ${String(error)}`);
    return true;
  });
}

/** Reads one register as text. */
export async function textOf(
  store: RegisterStore,
  key: string,
): Promise<{ version: number; text: string } | undefined> {
  const [register] = await store.read([key]);
  return register === undefined ? undefined : { version: register.version, text: text(register) as string };
}

/** Returns the value of a register as text. */
export function text(register: Register | undefined): string | undefined {
  return register === undefined ? undefined : new TextDecoder().decode(register.value);
}
