/** Damaged records: what a decoder must refuse. */
import { ClorthoError, checksum } from '@clortho/base';
import { expect } from 'vitest';

/** Returns the code of the Clortho error that `call` throws, `undefined` if it returns. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof ClorthoError) return error.code;
    throw error;
  }
  return undefined;
}

/** Checks that every cut and every flipped bit is refused as damage, and so is what follows the end. */
export function expectDamageRefused(bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  expect(codeOf(() => decode(bytes))).toBeUndefined();
  const accepted: string[] = [];
  for (let length = 0; length < bytes.length; length += 1) {
    const code = codeOf(() => decode(bytes.subarray(0, length)));
    if (code !== 'CLORTHO_CORRUPT') accepted.push(`cut at ${length}: ${code}`);
  }
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    const code = codeOf(() => decode(damaged));
    if (code !== 'CLORTHO_CORRUPT') accepted.push(`bit ${bit}: ${code}`);
  }
  expect(accepted).toEqual([]);
  expect(codeOf(() => decode(sealed(Uint8Array.of(...bytes, 0xc0))))).toBe('CLORTHO_CORRUPT');
}

/** Returns a copy with the checksum that fits, as a hostile writer would make it. */
export function sealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const sum = checksum(copy.subarray(9), checksum(copy.subarray(0, 5)));
  new DataView(copy.buffer).setUint32(5, sum, true);
  return copy;
}
