/**
 * Keys: which strings name a blob, and their order.
 *
 * Invariants:
 * - A key is well-formed text of 1 to 1,024 UTF-8 bytes; its segments, joined by `/`, are never empty, `.` or
 *   `..`, so that a key is also a safe relative path on every backend.
 * - Order is that of the UTF-8 bytes, not of JavaScript strings: the two differ above U+D7FF.
 */
import { ClorthoError } from '@clortho/base';

/** The longest key in UTF-8 bytes, a store's own prefix included: the limit of S3. */
export const KEY_BYTES_MAX = 1024;

const BAD_SEGMENT = /(^|\/)\.{0,2}(\/|$)/; // Empty, `.` or `..`.

/** Tells whether `text` is a key. */
export function isKey(text: string): boolean {
  return keyProblem(text) === undefined;
}

/**
 * Returns normally if `key` is a key.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID`.
 */
export function checkKey(key: string): void {
  const problem = keyProblem(key);
  if (problem !== undefined) throw new ClorthoError('CLORTHO_INVALID', `${problem}: key=${shown(key)}`);
}

/**
 * Returns normally if `prefix` can begin a key; the empty one begins all. It may end anywhere in a key.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID`.
 */
export function checkPrefix(prefix: string): void {
  const problem = textProblem(prefix);
  if (problem !== undefined) throw new ClorthoError('CLORTHO_INVALID', `${problem}: prefix=${shown(prefix)}`);
}

/** Compares two keys by their UTF-8 bytes: negative, zero or positive as `left` sorts before, with or after. */
export function compareKeys(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return rank(leftUnit) - rank(rightUnit);
  }
  return left.length - right.length;
}

function keyProblem(key: unknown): string | undefined {
  const problem = textProblem(key);
  if (problem !== undefined) return problem;
  return BAD_SEGMENT.test(key as string) ? 'a segment of the key is empty, `.` or `..`' : undefined;
}

function textProblem(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'not a string';
  if (!text.isWellFormed()) return 'text has a lone surrogate';
  return Buffer.byteLength(text) > KEY_BYTES_MAX ? `longer than ${KEY_BYTES_MAX} bytes` : undefined;
}

/** Surrogates stand for code points above U+FFFF, whose UTF-8 sorts above everything else. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

function shown(text: unknown): string {
  const quoted = JSON.stringify(text) ?? String(text);
  return quoted.length > 120 ? `${quoted.slice(0, 120)}…` : quoted;
}
