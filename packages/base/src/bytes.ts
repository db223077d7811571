/**
 * Byte strings: unsigned lexicographic order, UTF-8, ranges of a prefix.
 *
 * Invariants:
 * - Order is by unsigned byte, shorter first on a common prefix: the order of object-store listings.
 * - A string and its UTF-8 bytes name the same key; text that has no UTF-8 form is refused.
 */
import { ClorthoError } from './errors.ts';

/** The empty byte string. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Compares two byte strings: negative, zero or positive as `left` sorts before, with or after `right`. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Compares `left[leftStart, leftEnd)` with `right[rightStart, rightEnd)` in place. */
export function compareSlices(
  left: Uint8Array,
  leftStart: number,
  leftEnd: number,
  right: Uint8Array,
  rightStart: number,
  rightEnd: number,
): number {
  const leftLength = leftEnd - leftStart;
  const rightLength = rightEnd - rightStart;
  const shared = leftLength < rightLength ? leftLength : rightLength;
  for (let index = 0; index < shared; index += 1) {
    const difference = (left[leftStart + index] as number) - (right[rightStart + index] as number);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}

/** Tells whether two byte strings are equal. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0;
}

/** Tells whether `bytes` begins with `prefix`. */
export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let index = 0; index < prefix.length; index += 1) if (bytes[index] !== prefix[index]) return false;
  return true;
}

/** Returns how many leading bytes the two have in common. */
export function sharedPrefixLength(left: Uint8Array, right: Uint8Array): number {
  const most = Math.min(left.length, right.length);
  let index = 0;
  while (index < most && left[index] === right[index]) index += 1;
  return index;
}

/**
 * Returns the smallest byte string above every string with this prefix, as a copy; `undefined` if there is
 * none (an empty prefix, or one of 0xff bytes only).
 */
export function prefixSuccessor(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  const successor = copyBytes(prefix, 0, length);
  successor[length - 1] = (successor[length - 1] as number) + 1;
  return successor;
}

/** Returns the smallest byte string above `key`: `key` followed by a zero byte, as a copy. */
export function keySuccessor(key: Uint8Array): Uint8Array {
  const successor = new Uint8Array(key.length + 1);
  successor.set(key);
  return successor;
}

/**
 * Returns the UTF-8 bytes of `text`, as a copy.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the text has a lone surrogate, which has no UTF-8 form.
 */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new ClorthoError('CLORTHO_INVALID', 'text has a lone surrogate');
  return encoder.encode(text);
}

/**
 * Returns the text that `bytes` encode.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the bytes are not UTF-8.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new ClorthoError('CLORTHO_INVALID', `bytes are not UTF-8: length=${bytes.length}`, { cause });
  }
}

/** Up to this a loop copies faster than a view and `set`, … */
const LOOP_BYTES_MAX = 40;
/** … and faster than `copyWithin`, which is the fastest way of all to copy more, but only works within one array. */
const LOOP_BYTES_MAX_WITHIN = 8;

/**
 * Writes `source[start, end)` to `target` from `at`. The two may share memory only if they are the same array, or where
 * nothing overlaps.
 */
export function writeBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  if (source === target && end - start > LOOP_BYTES_MAX_WITHIN) {
    target.copyWithin(at, start, end);
    return;
  }
  if (end - start > LOOP_BYTES_MAX) {
    target.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
    return;
  }
  for (let from = start, to = at; from < end; from += 1, to += 1) target[to] = source[from] as number;
}

/** Returns a copy of `bytes[start, end)` in memory of its own; of a `Buffer` as well, whose `slice` is a view. */
export function copyBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array {
  const copy = new Uint8Array(end - start);
  writeBytes(copy, 0, bytes, start, end);
  return copy;
}

/** Returns one array holding all `parts` in order, as a copy. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
