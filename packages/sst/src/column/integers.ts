/**
 * Integer columns: n numbers in the fewest whole bytes each over a common base.
 *
 *     +--------------------+--------------+-----------------------+
 *     | head               | base         | n deltas              |
 *     | width | base bytes | 0 to 8 bytes | 0 to 8 bytes each     |
 *     | low 4 | high 4     |              |                       |
 *     +--------------------+--------------+-----------------------+
 *
 * A width of 0 says that all numbers equal the base: such a column costs nothing per row. A base of 8 bytes
 * and deltas of 8 bytes are IEEE doubles; the latter are the numbers themselves (the base is then 0), because
 * the distance of two safe integers may not be one. Everything is little endian.
 *
 * Invariants:
 * - Every number is a safe integer.
 * - The writer picks the smallest base and width: equal columns have equal bytes.
 */
import { checkAllocation, corruptSection, type Section, takeBytes } from '../section.ts';
import type { ByteSink } from '../sink.ts';

/** A decoded column: the numbers, or the one that all of them equal. */
export interface Integers {
  /** There may be more behind them, without a meaning. */
  readonly values: Float64Array | undefined;
  /** The number of every row when `values` is `undefined`. */
  readonly constant: number;
}

const UINT32_END = 0x1_0000_0000;
/** The width of numbers that are stored themselves. */
const DOUBLE = 8;

/** Encodes `values[0, count)`. */
export function encodeIntegers(sink: ByteSink, values: Float64Array, count: number): void {
  let least = count === 0 ? 0 : (values[0] as number);
  let most = least;
  for (let index = 1; index < count; index += 1) {
    const value = values[index] as number;
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  // A distance that rounding changed is above 2^53, and a double's width then.
  const width = widthOf(most - least);
  const base = width === DOUBLE ? 0 : least;
  const baseBytes = base < 0 ? DOUBLE : widthOf(base);
  sink.byte(width | (baseBytes << 4));
  const baseAt = sink.reserve(baseBytes);
  writeNumber(sink.bytes, baseAt, baseBytes, base);
  if (width === 0) return;
  const start = sink.reserve(width * count);
  writeDeltas(sink.bytes, start, width, values, count, base);
}

/**
 * Decodes a column of `count` numbers, each in `[least, most]`, into what `room` returns if it is given.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeIntegers(
  section: Section,
  count: number,
  least: number,
  most: number,
  room?: (count: number) => Float64Array,
): Integers {
  const bytes = section.bytes;
  const head = takeHead(section);
  const width = head & 15;
  const baseBytes = head >>> 4;
  const base = readNumber(bytes, takeBytes(section, baseBytes), baseBytes);
  if (width === 0) {
    // Where there are no numbers, the base may be any integer.
    if (!Number.isSafeInteger(base) || (count > 0 && !(base >= least && base <= most))) {
      throw corruptSection(section, 'number out of bounds');
    }
    return { values: undefined, constant: base };
  }
  const start = takeBytes(section, width * count);
  checkAllocation(section, count * Float64Array.BYTES_PER_ELEMENT);
  const values = room === undefined ? new Float64Array(count) : room(count);
  readDeltas(bytes, start, width, values, count, base);
  // Most columns cannot be out of bounds, whatever their deltas are.
  if (width > 6 || !Number.isInteger(base) || base < least || base + 2 ** (8 * width) > most) {
    if (width === 7 && hasLargeDelta(bytes, start, count))
      throw corruptSection(section, 'delta out of bounds');
    checkBounds(section, values, count, least, most);
  }
  return { values, constant: 0 };
}

/**
 * Passes over a column of `count` numbers and returns how many bytes each of them takes: 0 to 8.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function skipIntegers(section: Section, count: number): number {
  const head = takeHead(section);
  const width = head & 15;
  takeBytes(section, (head >>> 4) + width * count);
  return width;
}

/** Returns the number of row `index`. */
export function integerAt(column: Integers, index: number): number {
  return column.values === undefined ? column.constant : (column.values[index] as number);
}

/**
 * Turns lengths into starts: writes `count + 1` of them, the first being `start`, to `target[at]`, `target[at + stride]`
 * and so on.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the last one exceeds `most`; checked before anything is written.
 */
export function writeStarts(
  section: Section,
  lengths: Integers,
  count: number,
  start: number,
  most: number,
  target: Uint32Array,
  at: number,
  stride: number,
): void {
  const { values, constant } = lengths;
  let end = start;
  if (values === undefined) end += constant * count;
  else for (let index = 0; index < count; index += 1) end += values[index] as number;
  if (end > most) throw corruptSection(section, 'lengths exceed the block');
  let to = at;
  let offset = start;
  target[to] = offset;
  for (let index = 0; index < count; index += 1) {
    offset += values === undefined ? constant : (values[index] as number);
    to += stride;
    target[to] = offset;
  }
}

/** Returns the unsigned 32-bit number at `at`. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

/** Writes an unsigned 32-bit number at `at`. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Takes the head of a column: the width of its deltas, and the bytes of its base times 16. */
function takeHead(section: Section): number {
  const head = section.bytes[takeBytes(section, 1)] as number;
  const width = head & 15;
  if (width > DOUBLE || head >>> 4 > (width === DOUBLE ? 0 : DOUBLE)) {
    throw corruptSection(section, 'bad column width');
  }
  return head;
}

/** Returns how many bytes a distance takes; that of a double from 2^53 on. */
function widthOf(distance: number): number {
  if (distance < UINT32_END) {
    if (distance < 0x100) return distance === 0 ? 0 : 1;
    if (distance < 0x1_0000) return 2;
    return distance < 0x100_0000 ? 3 : 4;
  }
  if (distance < 2 ** 40) return 5;
  if (distance < 2 ** 48) return 6;
  return distance < 2 ** 53 ? 7 : DOUBLE;
}

function readNumber(bytes: Uint8Array, at: number, width: number): number {
  if (width === DOUBLE) return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(at, true);
  let value = 0;
  for (let index = width - 1; index >= 0; index -= 1) value = value * 0x100 + (bytes[at + index] as number);
  return value;
}

function writeNumber(bytes: Uint8Array, at: number, width: number, value: number): void {
  if (width === DOUBLE) {
    new DataView(bytes.buffer, bytes.byteOffset).setFloat64(at, value, true);
    return;
  }
  for (let index = 0, rest = value; index < width; index += 1, rest = Math.floor(rest / 0x100)) {
    bytes[at + index] = rest % 0x100;
  }
}

/** Writes `width > 0` bytes of every number from `start`: a loop of its own for each width that is common. */
function writeDeltas(
  bytes: Uint8Array,
  start: number,
  width: number,
  values: Float64Array,
  count: number,
  base: number,
): void {
  if (width === 1) {
    for (let index = 0; index < count; index += 1) bytes[start + index] = (values[index] as number) - base;
  } else if (width <= 4) {
    for (let index = 0, at = start; index < count; index += 1, at += width) {
      const delta = (values[index] as number) - base;
      bytes[at] = delta;
      bytes[at + 1] = delta >>> 8;
      if (width > 2) bytes[at + 2] = delta >>> 16;
      if (width > 3) bytes[at + 3] = delta >>> 24;
    }
  } else if (width < DOUBLE) {
    for (let index = 0, at = start; index < count; index += 1, at += width) {
      const delta = (values[index] as number) - base;
      const high = Math.floor(delta / UINT32_END);
      writeUint32(bytes, at, delta);
      bytes[at + 4] = high;
      if (width > 5) bytes[at + 5] = high >>> 8;
      if (width > 6) bytes[at + 6] = high >>> 16;
    }
  } else {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let index = 0; index < count; index += 1)
      view.setFloat64(start + index * DOUBLE, values[index] as number, true);
  }
}

/** Checks that all numbers are integers in `[least, most]`. */
function checkBounds(
  section: Section,
  values: Float64Array,
  count: number,
  least: number,
  most: number,
): void {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index += 1) {
    const value = values[index] as number;
    if (value < low) low = value;
    if (value > high) high = value;
    // A fraction or a NaN; written so that both fail it.
    if (!(value % 1 === 0)) throw corruptSection(section, 'number is not an integer');
  }
  if (low < least || high > most) throw corruptSection(section, 'number out of bounds');
}

/** Tells whether a delta of seven bytes is 2^53 or more: what a double would round. */
function hasLargeDelta(bytes: Uint8Array, start: number, count: number): boolean {
  for (let index = 0; index < count; index += 1) {
    if ((bytes[start + index * 7 + 6] as number) >= 0x20) return true;
  }
  return false;
}

/** Reads what {@link writeDeltas} writes. */
function readDeltas(
  bytes: Uint8Array,
  start: number,
  width: number,
  values: Float64Array,
  count: number,
  base: number,
): void {
  if (width === 1) {
    for (let index = 0; index < count; index += 1) values[index] = base + (bytes[start + index] as number);
  } else if (width === 2) {
    for (let index = 0, at = start; index < count; index += 1, at += 2) {
      values[index] = base + ((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
    }
  } else if (width === 3) {
    for (let index = 0, at = start; index < count; index += 1, at += 3) {
      const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
      values[index] = base + (low | ((bytes[at + 2] as number) << 16));
    }
  } else if (width < DOUBLE) {
    for (let index = 0, at = start; index < count; index += 1, at += width) {
      let high = 0;
      if (width > 4) high = bytes[at + 4] as number;
      if (width > 5) high |= (bytes[at + 5] as number) << 8;
      if (width > 6) high |= (bytes[at + 6] as number) << 16;
      values[index] = base + (readUint32(bytes, at) + high * UINT32_END);
    }
  } else {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let index = 0; index < count; index += 1)
      values[index] = view.getFloat64(start + index * DOUBLE, true);
  }
}
