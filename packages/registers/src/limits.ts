/**
 * The limits of a call, the same for every backend so that what runs on one runs on all.
 *
 * Invariants:
 * - A call that passes these checks fits in one DynamoDB transaction.
 */
import { ClorthoError, encodeUtf8 } from '@clortho/base';
import {
  CALL_BYTES_MAX,
  REGISTER_BYTES_MAX,
  REGISTERS_PER_CALL_MAX,
  type Register,
  type RegisterChange,
} from './register-store.ts';

/** The longest key in bytes of UTF-8 (the limit of a DynamoDB sort key and of an S3 object key). */
export const REGISTER_KEY_BYTES_MAX = 1024;

/**
 * Checks the keys of a read.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` for too many keys, a duplicate, or one that is no key.
 */
export function checkReads(keys: readonly string[]): void {
  if (keys.length > REGISTERS_PER_CALL_MAX) {
    throw invalid(`too many registers in one call: registers=${keys.length} max=${REGISTERS_PER_CALL_MAX}`);
  }
  for (const key of keys) checkKey(key);
  checkDistinct(keys);
}

/**
 * Checks what a read found, which no one can know before.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if several registers together exceed {@link CALL_BYTES_MAX}.
 */
export function checkReadSize(registers: readonly (Register | undefined)[]): void {
  let bytes = 0;
  for (const register of registers) bytes += register?.value.length ?? 0;
  if (bytes > CALL_BYTES_MAX)
    throw invalid(`too many bytes in one call: bytes=${bytes} max=${CALL_BYTES_MAX}`);
}

/**
 * Checks the changes of a swap.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` for none or too many changes, a duplicate or impossible key, a
 *   version that is no count, or values beyond {@link REGISTER_BYTES_MAX} or {@link CALL_BYTES_MAX}.
 */
export function checkChanges(changes: readonly RegisterChange[]): void {
  if (changes.length === 0) throw invalid('a swap changes or checks at least one register: changes=0');
  checkReads(changes.map(({ key }) => key));
  let bytes = 0;
  for (const { key, expect, value } of changes) {
    if (!Number.isSafeInteger(expect) || expect < 0) {
      throw invalid(`an expected version is a count: register=${key} expect=${expect}`);
    }
    const length = value?.length ?? 0;
    if (length > REGISTER_BYTES_MAX) {
      throw invalid(`a value is too large: register=${key} bytes=${length} max=${REGISTER_BYTES_MAX}`);
    }
    bytes += length;
  }
  if (bytes > CALL_BYTES_MAX)
    throw invalid(`too many bytes in one call: bytes=${bytes} max=${CALL_BYTES_MAX}`);
}

/**
 * Checks the prefix of a list, which may be empty.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if no key can begin with it.
 */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkKey(prefix);
}

function checkKey(key: string): void {
  const bytes = encodeUtf8(key).length;
  if (bytes === 0) throw invalid('a register key is not empty');
  if (bytes > REGISTER_KEY_BYTES_MAX) {
    throw invalid(`a register key is too long: bytes=${bytes} max=${REGISTER_KEY_BYTES_MAX}`);
  }
}

function checkDistinct(keys: readonly string[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) throw invalid(`a register is named twice: register=${key}`);
    seen.add(key);
  }
}

function invalid(message: string): ClorthoError {
  return new ClorthoError('CLORTHO_INVALID', message);
}
