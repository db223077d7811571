/** Columns of several fields: keys, and byte strings. */
import { concatBytes, sharedPrefixLength } from '@clortho/base';
import type { Field } from './field.ts';
import type { FieldReader } from './field-reader.ts';

const BUNDLE_ROWS = 16;

/** Returns the fields of a column of sorted keys. */
export function keyFields(keys: readonly Uint8Array[]): Field[] {
  const shared = prefixOf(keys);
  const bundleLengths: number[] = [];
  const suffixLengths: number[] = [];
  const chunks: Uint8Array[] = [(keys[0] ?? new Uint8Array(0)).subarray(0, shared)];
  for (let first = 0; first < keys.length; first += BUNDLE_ROWS) {
    const bundle = keys.slice(first, first + BUNDLE_ROWS);
    const prefix = prefixOf(bundle);
    bundleLengths.push(prefix - shared);
    chunks.push((bundle[0] as Uint8Array).subarray(shared, prefix));
    bundle.forEach((key, index) => {
      const before = bundle[index - 1];
      const repeats = before !== undefined && Buffer.compare(before, key) === 0;
      suffixLengths.push(repeats ? 0 : key.length - prefix);
      if (!repeats) chunks.push(key.subarray(prefix));
    });
  }
  return [
    { kind: 'varint', name: 'shared', value: shared },
    { kind: 'integers', name: 'bundle lengths', values: bundleLengths },
    { kind: 'integers', name: 'suffix lengths', values: suffixLengths },
    { kind: 'bytes', name: 'key bytes', bytes: concatBytes(chunks) },
  ];
}

/** Takes a column of keys. */
export function readKeys(reader: FieldReader, count: number): Uint8Array[] {
  const shared = reader.varint('shared');
  const bundleLengths = reader.integers('bundle lengths', Math.ceil(count / BUNDLE_ROWS));
  const suffixLengths = reader.integers('suffix lengths', count);
  const bytes = reader.bytes('key bytes', shared + sumOf(bundleLengths) + sumOf(suffixLengths));
  let at = 0;
  const take = (length: number): Uint8Array => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const ofAll = take(shared);
  const keys: Uint8Array[] = [];
  for (let row = 0, prefix = ofAll; row < count; row += 1) {
    const isFirst = row % BUNDLE_ROWS === 0;
    if (isFirst) prefix = concatBytes([ofAll, take(bundleLengths[row / BUNDLE_ROWS] as number)]);
    const suffix = suffixLengths[row] as number;
    keys.push(suffix === 0 && !isFirst ? (keys[row - 1] as Uint8Array) : concatBytes([prefix, take(suffix)]));
  }
  return keys;
}

/** Returns the fields of a column of byte strings. */
export function stringFields(name: string, strings: readonly Uint8Array[]): Field[] {
  return [
    { kind: 'integers', name: `${name} lengths`, values: strings.map(({ length }) => length) },
    { kind: 'bytes', name, bytes: concatBytes(strings) },
  ];
}

/** Takes a column of byte strings. */
export function readStrings(reader: FieldReader, name: string, count: number): Uint8Array[] {
  const lengths = reader.integers(`${name} lengths`, count);
  const bytes = reader.bytes(name, sumOf(lengths));
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
}

function sumOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Returns how many bytes sorted keys begin with in common. */
function prefixOf(keys: readonly Uint8Array[]): number {
  const [first] = keys;
  const last = keys.at(-1);
  return first === undefined || last === undefined ? 0 : sharedPrefixLength(first, last);
}
