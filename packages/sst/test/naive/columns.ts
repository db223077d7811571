/** Columns: integers, byte strings and keys. */
import type { Reading } from './reading.ts';
import { demand } from './rule.ts';

const MIB = 2 ** 20;
/** Bounds of R3, in bytes. */
export const KEY_MAX = 65_535;
export const RANGE_BOUND_MAX = 65_536;
export const VALUE_MAX = 64 * MIB;
export const RAW_MAX = 128 * MIB;

/** What an integer of a column may be, both ends included. */
export interface Bounds {
  readonly least: number;
  readonly greatest: number;
}

export const ANY_TIME: Bounds = { least: Number.MIN_SAFE_INTEGER, greatest: Number.MAX_SAFE_INTEGER };
export const ANY_COUNT: Bounds = { least: 0, greatest: Number.MAX_SAFE_INTEGER };

/** R12 to R15. */
export function integers(reading: Reading, count: number, bounds: Bounds): number[] {
  demand(count * 8 <= RAW_MAX, 'R3', `${count} integers`);
  const head = reading.u8();
  const width = head % 16;
  const baseSize = Math.floor(head / 16);
  demand(width <= 8 && baseSize <= 8, 'R12', `width ${width} and base of ${baseSize} bytes`);
  demand(width < 8 || baseSize === 0, 'R13', `width 8 and base of ${baseSize} bytes`);

  const base = baseSize === 8 ? reading.f64() : Number(reading.unsigned(baseSize));
  demand(Number.isSafeInteger(base), 'R14', `base ${base}`);
  demand(count * width <= reading.left, 'R3', `${count} deltas of ${width} bytes`);
  const numbers = Array.from({ length: count }, () =>
    width === 8 ? reading.f64() : Number(BigInt(base) + reading.unsigned(width)),
  );
  for (const number of numbers) {
    demand(Number.isSafeInteger(number), 'R14', `${number} is no integer`);
    demand(width === 8 || number - base < 2 ** 53, 'R14', `a delta of ${number - base}`);
    const fits = bounds.least <= number && number <= bounds.greatest;
    demand(fits, 'R14', `${number} in a column of ${bounds.least} to ${bounds.greatest}`);
  }

  const least = numbers.length === 0 ? 0 : numbers.reduce((one, other) => Math.min(one, other));
  reading.remark(width === 8 || base === least, 'R15', `base ${base} where ${least} is the least`);
  const [wantedWidth, wantedBase] = smallestSizes(numbers, least);
  reading.remark(width === wantedWidth, 'R15', `width ${width} where ${wantedWidth} does`);
  reading.remark(baseSize === wantedBase, 'R15', `base of ${baseSize} bytes where ${wantedBase} do`);
  return numbers;
}

/** The width and the size of the base that R15 asks of a writer. */
function smallestSizes(numbers: readonly number[], least: number): readonly [number, number] {
  const greatest = numbers.reduce((one, other) => Math.max(one, other), least);
  const span = BigInt(greatest) - BigInt(least);
  if (span >= 2n ** 53n) return [8, 0];
  return [bytesOf(span), least < 0 ? 8 : bytesOf(BigInt(least))];
}

function bytesOf(number: bigint): number {
  let bytes = 0;
  while (number >= 256n ** BigInt(bytes)) bytes += 1;
  return bytes;
}

/** How many elements a list has: it begins with that. */
export function countOf(reading: Reading): number {
  const count = reading.varint();
  demand(count <= reading.size, 'R3', `${count} elements in ${reading.size} bytes`);
  return count;
}

export function byteStrings(reading: Reading, count: number, bytesMax: number): Uint8Array[] {
  const lengths = integers(reading, count, { least: 0, greatest: bytesMax });
  return lengths.map((length) => reading.take(length));
}

const BUNDLE = 16;

/** R16 and R17; that keys ascend is for the caller to check, who knows whether they may repeat. */
export function keys(reading: Reading, count: number, bytesMax: number): Uint8Array[] {
  const length = { least: 0, greatest: bytesMax };
  const commonLength = reading.varint();
  const prefixLengths = integers(reading, Math.ceil(count / BUNDLE), length);
  const suffixLengths = integers(reading, count, length);
  const common = reading.take(commonLength);

  const all: Uint8Array[] = [];
  let expanded = 0;
  for (let first = 0; first < count; first += BUNDLE) {
    const prefix = reading.take(prefixLengths[first / BUNDLE]!);
    for (const [position, suffixLength] of suffixLengths.slice(first, first + BUNDLE).entries()) {
      const suffix = reading.take(suffixLength);
      const repeats = suffixLength === 0 && position > 0;
      const key = repeats ? all.at(-1)! : Buffer.concat([common, prefix, suffix]);
      demand(key.length <= bytesMax, 'R3', `key of ${key.length} bytes`);
      expanded += key.length;
      demand(expanded <= RAW_MAX, 'R3', 'keys of more than 128 MiB');
      const sameSpelledOut = position > 0 && !repeats && compare(key, all.at(-1)!) === 0;
      reading.remark(!sameSpelledOut, 'R17', 'a repeated key has a suffix');
      all.push(key);
    }
    const bundle = all.slice(first);
    const shared = sharedLength(bundle);
    reading.remark(commonLength + prefix.length === shared, 'R17', `a bundle shares ${shared} bytes`);
  }
  reading.remark(commonLength === sharedLength(all), 'R17', `all keys share ${sharedLength(all)} bytes`);
  return all;
}

function sharedLength(keys: readonly Uint8Array[]): number {
  const [first, ...others] = keys;
  if (first === undefined) return 0;
  const differs = first.findIndex((byte, at) => others.some((other) => other[at] !== byte));
  return differs < 0 ? first.length : differs;
}

/** The order of keys (R7): unsigned bytes, a prefix before what it begins. */
export function compare(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}
