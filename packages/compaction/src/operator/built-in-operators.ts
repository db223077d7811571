/**
 * Merge operators that every store has, by name.
 *
 *     append   newer bytes after older bytes
 *     max      the greater in unsigned byte order
 *     min      the smaller in unsigned byte order
 *     sum      float64, little endian; exact while sums stay integers below 2^53
 */
import { ClorthoError, compareBytes, concatBytes } from '@clortho/base';
import type { MergeOperator } from './merge-operator.ts';

const FLOAT64_BYTES = 8;

/** Concatenates: the newer bytes follow the older ones. */
export const appendOperator: MergeOperator = {
  name: 'append',
  version: 1,
  merge: (older, newer) => concatBytes([older, newer]),
};

/** Keeps the greater value in unsigned byte order: big-endian numbers, ISO dates, text. */
export const maxOperator: MergeOperator = {
  name: 'max',
  version: 1,
  merge: (older, newer) => (compareBytes(older, newer) > 0 ? older : newer),
};

/** Keeps the smaller value in unsigned byte order. */
export const minOperator: MergeOperator = {
  name: 'min',
  version: 1,
  merge: (older, newer) => (compareBytes(older, newer) < 0 ? older : newer),
};

/**
 * Adds float64 values in little-endian order. Associative only as far as float addition is: sums of integers up
 * to 2^53 are exact, sums of fractions may differ in their last bits with the order of folding.
 */
export const sumOperator: MergeOperator = {
  name: 'sum',
  version: 1,
  merge: (older, newer) => {
    const sum = new Uint8Array(FLOAT64_BYTES);
    new DataView(sum.buffer).setFloat64(0, float64Of(older) + float64Of(newer), true);
    return sum;
  },
};

/** The built-in operators by name. */
export const builtInOperators: ReadonlyMap<string, MergeOperator> = new Map(
  [appendOperator, maxOperator, minOperator, sumOperator].map((operator) => [operator.name, operator]),
);

function float64Of(value: Uint8Array): number {
  if (value.length !== FLOAT64_BYTES) {
    throw new ClorthoError('CLORTHO_INVALID', `sum takes values of 8 bytes: length=${value.length}`);
  }
  return new DataView(value.buffer, value.byteOffset, FLOAT64_BYTES).getFloat64(0, true);
}
