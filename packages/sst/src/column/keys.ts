/**
 * Key columns: sorted keys with the prefix of the block and of every 16 keys taken out.
 *
 *     user:1001  user:1002  user:1002 | user:2001 ...
 *
 *     block prefix    "user:"
 *     bundle prefix   "100"                    "2001"
 *     suffixes        "1"  "2"  ""             ""
 *
 *     +------------------+--------------------+--------------------+---------------------------------------+
 *     | prefix bytes     | bundle prefixes    | suffixes           | block prefix, then of every bundle    |
 *     | varint           | lengths (integers) | lengths (integers) | its prefix and its suffixes           |
 *     +------------------+--------------------+--------------------+---------------------------------------+
 *
 * After the first key of a bundle, an empty suffix means the key of the row before it: another version of the
 * same key costs no key bytes. It cannot be mistaken, because only the first key of a bundle may equal the prefix.
 * Decoding expands the keys into one array, where a search compares in place.
 *
 * Invariants:
 * - Keys ascend; equal keys are neighbours.
 * - Prefixes are as long as possible: equal columns have equal bytes.
 */

import type { WorkMemory } from '../block/work-memory.ts';
import { checkAllocation, corruptSection, type Section, takeBytes, takeVarint } from '../section.ts';
import type { ByteSink } from '../sink.ts';
import { decodeIntegers, encodeIntegers, type Integers, integerAt } from './integers.ts';
import { SCRATCH, scratchNumbers } from './scratch.ts';

/** Rows that share a bundle prefix. */
export const BUNDLE_ROWS = 16;

/**
 * Expanded keys, and the row table: what a search and a reader need of each row, in one place.
 *
 *     table   [ window | key start | value start ]   rows + 1 times; the last has the ends alone
 *
 * Table and keys lie one behind the other in memory: a search in a block that no processor cache holds pays for every
 * place that it touches. The value starts belong to the block; they are zeros where there are no values.
 */
export interface Keys {
  readonly rows: number;
  /** How many leading bytes all keys have in common, at least. */
  readonly shared: number;
  /** The window of a key: the four bytes after the shared ones as a big-endian number, missing ones as zeros. */
  readonly table: Uint32Array;
  /** Key i is `keyBytes[table[3 i + 1], table[3 i + 4])`. */
  readonly keyBytes: Uint8Array;
}

/** How many numbers {@link Keys.table} has of each row; the first is the window. */
export const ROW_NUMBERS = 3;
/** The place of the key's start among the numbers of a row. */
export const KEY_START = 1;
/** The place of the value's start among the numbers of a row. */
export const VALUE_START = 2;

/** Returns where key `row` begins in the bytes; for `rows`, where the last one ends. */
export function keyStartAt(keys: Keys, row: number): number {
  return keys.table[row * ROW_NUMBERS + KEY_START] as number;
}

/** Encodes the sorted keys `bytes[offsets[i], offsets[i + 1])` for i in `[0, count)`. */
export function encodeKeys(sink: ByteSink, bytes: Uint8Array, offsets: Float64Array, count: number): void {
  const bundles = Math.ceil(count / BUNDLE_ROWS);
  const shared = count === 0 ? 0 : sharedLength(bytes, offsets, 0, count - 1);
  const bundleLengths = scratchNumbers(SCRATCH.bundleLengths, bundles);
  const suffixLengths = scratchNumbers(SCRATCH.suffixLengths, count);
  let total = shared;
  for (let bundle = 0; bundle < bundles; bundle += 1) {
    const first = bundle * BUNDLE_ROWS;
    const end = Math.min(first + BUNDLE_ROWS, count);
    const prefix = sharedLength(bytes, offsets, first, end - 1);
    bundleLengths[bundle] = prefix - shared;
    total += prefix - shared;
    for (let row = first; row < end; row += 1) {
      const isRepeated = row > first && isRepeat(bytes, offsets, row);
      const length = isRepeated ? 0 : (offsets[row + 1] as number) - (offsets[row] as number) - prefix;
      suffixLengths[row] = length;
      total += length;
    }
  }
  sink.varint(shared);
  encodeIntegers(sink, bundleLengths, bundles);
  encodeIntegers(sink, suffixLengths, count);
  let at = sink.reserve(total);
  const target = sink.bytes;
  for (let index = 0; index < shared; index += 1)
    target[at++] = bytes[(offsets[0] as number) + index] as number;
  for (let bundle = 0; bundle < bundles; bundle += 1) {
    const first = bundle * BUNDLE_ROWS;
    const end = Math.min(first + BUNDLE_ROWS, count);
    const prefixEnd = shared + (bundleLengths[bundle] as number);
    const start = offsets[first] as number;
    for (let index = shared; index < prefixEnd; index += 1) target[at++] = bytes[start + index] as number;
    for (let row = first; row < end; row += 1) {
      const keyEnd = offsets[row + 1] as number;
      for (let from = keyEnd - (suffixLengths[row] as number); from < keyEnd; from += 1) {
        target[at++] = bytes[from] as number;
      }
    }
  }
}

/**
 * Decodes `count` keys of at most `keyBytesMax` bytes each, into `memory` if there is any.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, also if the expanded keys exceed the bound of the section.
 */
export function decodeKeys(section: Section, count: number, keyBytesMax: number, memory?: WorkMemory): Keys {
  const bundles = Math.ceil(count / BUNDLE_ROWS);
  const shared = takeVarint(section, keyBytesMax);
  const bundleLengths = decodeIntegers(section, bundles, 0, keyBytesMax, bundleRoom);
  const suffixLengths = decodeIntegers(section, count, 0, keyBytesMax, suffixRoom);
  let stored = shared;
  let expanded = 0;
  /** The length of all keys, as long as they have one. */
  let uniform = -1;
  for (let bundle = 0, row = 0; bundle < bundles; bundle += 1) {
    const bundleLength = integerAt(bundleLengths, bundle);
    const prefix = shared + bundleLength;
    stored += bundleLength;
    const end = Math.min(row + BUNDLE_ROWS, count);
    const first = row;
    let length = 0;
    for (; row < end; row += 1) {
      const suffix = integerAt(suffixLengths, row);
      stored += suffix;
      if (suffix > 0 || row === first) {
        length = prefix + suffix;
        if (row === 0) uniform = length;
        else if (length !== uniform) uniform = -1;
        if (length > keyBytesMax) throw corruptSection(section, 'key too long');
      }
      expanded += length;
    }
  }
  const tableBytes = (count + 1) * ROW_NUMBERS * Uint32Array.BYTES_PER_ELEMENT;
  checkAllocation(section, Math.max(tableBytes, expanded));
  const from = takeBytes(section, stored);
  const place = placeOf(tableBytes, expanded, memory);
  const keys: Keys = {
    rows: count,
    shared: count === 0 ? 0 : shared,
    table: place.table,
    keyBytes: place.bytes,
  };
  place.table[KEY_START] = place.start;
  if (uniform > 0) expandUniform(keys, uniform, section.bytes, from, bundleLengths, suffixLengths);
  else expand(keys, section.bytes, from, bundleLengths, suffixLengths);
  return keys;
}

const bundleRoom = (count: number): Float64Array => scratchNumbers(SCRATCH.bundleLengths, count);
const suffixRoom = (count: number): Float64Array => scratchNumbers(SCRATCH.suffixLengths, count);

/** Returns memory for a table and keys, and where the keys start there. */
function placeOf(
  tableBytes: number,
  keyBytes: number,
  memory: WorkMemory | undefined,
): { table: Uint32Array; bytes: Uint8Array; start: number } {
  if (memory === undefined) {
    const own = new ArrayBuffer(tableBytes + keyBytes);
    const table = new Uint32Array(own, 0, tableBytes / Uint32Array.BYTES_PER_ELEMENT);
    return { table, bytes: new Uint8Array(own, tableBytes, keyBytes), start: 0 };
  }
  const start = memory.reserve(keyBytes);
  return { table: new Uint32Array(tableBytes / Uint32Array.BYTES_PER_ELEMENT), bytes: memory.bytes, start };
}

/** Expands keys that have `length` bytes each: what all share is copied for all at once. */
function expandUniform(
  { rows, shared, table, keyBytes }: Keys,
  length: number,
  source: Uint8Array,
  sharedAt: number,
  bundleLengths: Integers,
  suffixLengths: Integers,
): void {
  const base = table[KEY_START] as number;
  repeat(keyBytes, base, length, rows, source, sharedAt, shared);
  let from = sharedAt + shared;
  let start = base;
  for (let row = 0; row < rows; ) {
    const first = row;
    const prefixAt = from;
    from += integerAt(bundleLengths, row / BUNDLE_ROWS);
    const suffixAt = shared + from - prefixAt;
    for (const end = Math.min(row + BUNDLE_ROWS, rows); row < end; row += 1) {
      const next = start + length;
      const isRepeated = row > first && integerAt(suffixLengths, row) === 0;
      // A key repeated has the bytes of the one before, any other those of the bundle.
      let at = start + shared;
      if (isRepeated) for (; at < next; at += 1) keyBytes[at] = keyBytes[at - length] as number;
      for (let index = prefixAt; at < start + suffixAt; at += 1, index += 1)
        keyBytes[at] = source[index] as number;
      for (; at < next; at += 1, from += 1) keyBytes[at] = source[from] as number;
      const entry = row * ROW_NUMBERS;
      table[entry] = windowOf(keyBytes, start + shared, next);
      table[entry + ROW_NUMBERS + KEY_START] = next;
      start = next;
    }
  }
}

/** Writes `source[from, from + length)` to `target` from `start`, and again every `stride` bytes, `times` in all. */
function repeat(
  target: Uint8Array,
  start: number,
  stride: number,
  times: number,
  source: Uint8Array,
  from: number,
  length: number,
): void {
  const end = start + times * stride;
  for (let index = 0; index < length; index += 1) target[start + index] = source[from + index] as number;
  for (let done = stride; start + done < end; done *= 2)
    target.copyWithin(start + done, start, Math.min(start + done, end - done));
}

/** Expands keys of any lengths. */
function expand(
  { rows, shared, table, keyBytes }: Keys,
  source: Uint8Array,
  sharedAt: number,
  bundleLengths: Integers,
  suffixLengths: Integers,
): void {
  let from = sharedAt + shared;
  let start = table[KEY_START] as number;
  for (let row = 0; row < rows; ) {
    const first = row;
    const firstStart = start;
    const prefix = shared + integerAt(bundleLengths, row / BUNDLE_ROWS);
    const end = Math.min(row + BUNDLE_ROWS, rows);
    for (let index = 0; index < shared; index += 1)
      keyBytes[start + index] = source[sharedAt + index] as number;
    for (let index = shared; index < prefix; index += 1) keyBytes[start + index] = source[from++] as number;
    let before = start;
    for (; row < end; row += 1) {
      const suffix = integerAt(suffixLengths, row);
      let to = start + prefix;
      if (row > first) {
        // An empty suffix repeats the key before, which ends where this one starts.
        const model = suffix > 0 ? firstStart : before;
        if (suffix === 0) to = start + start - before;
        for (let at = start, of = model; at < to; at += 1, of += 1) keyBytes[at] = keyBytes[of] as number;
      }
      for (let index = 0; index < suffix; index += 1) keyBytes[to + index] = source[from + index] as number;
      from += suffix;
      const next = to + suffix;
      const entry = row * ROW_NUMBERS;
      table[entry] = windowOf(keyBytes, start + shared, next);
      table[entry + ROW_NUMBERS + KEY_START] = next;
      before = start;
      start = next;
    }
  }
}

/** Returns the memory that keys hold, in bytes. */
export function keysWeight({ keyBytes, table }: Keys): number {
  return keyBytes.length + table.byteLength;
}

/** Returns the four bytes from `start` as a big-endian number; those at `end` and beyond count as zeros. */
export function windowOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  return (
    (((length > 0 ? (bytes[start] as number) : 0) << 24) |
      ((length > 1 ? (bytes[start + 1] as number) : 0) << 16) |
      ((length > 2 ? (bytes[start + 2] as number) : 0) << 8) |
      (length > 3 ? (bytes[start + 3] as number) : 0)) >>>
    0
  );
}

/** Returns how many leading bytes the keys of two rows have in common; for sorted keys, all between as well. */
function sharedLength(bytes: Uint8Array, offsets: Float64Array, first: number, last: number): number {
  const left = offsets[first] as number;
  const right = offsets[last] as number;
  const most = Math.min((offsets[first + 1] as number) - left, (offsets[last + 1] as number) - right);
  let length = 0;
  while (length < most && bytes[left + length] === bytes[right + length]) length += 1;
  return length;
}

/** Tells whether a row has the key of the row before; from the end, where neighbours differ. */
function isRepeat(bytes: Uint8Array, offsets: Float64Array, row: number): boolean {
  const start = offsets[row] as number;
  const length = (offsets[row + 1] as number) - start;
  const before = start - length;
  if (before !== offsets[row - 1]) return false;
  for (let index = length - 1; index >= 0; index -= 1) {
    if (bytes[before + index] !== bytes[start + index]) return false;
  }
  return true;
}
