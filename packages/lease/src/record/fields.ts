/**
 * Shapes of decoded fields: what came from outside is what the format says, or the record is corrupt.
 *
 *     const [generation, name] = readFields(record, [integer, text], key);
 *
 * Invariants:
 * - A record has exactly the fields of its format: one with more is from a version that this code does not know.
 */
import { ClorthoError } from '@clortho/base';

/** Tells a value of one type from all others. */
export type Shape<T> = (value: unknown) => value is T;

type Values<Shapes extends readonly Shape<unknown>[]> = {
  -readonly [Index in keyof Shapes]: Shapes[Index] extends Shape<infer T> ? T : never;
};

/** A safe integer that is not negative. */
export const integer: Shape<number> = (value): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** A string. */
export const text: Shape<string> = (value): value is string => typeof value === 'string';

/** One of the given strings. */
export function oneOf<const T extends string>(allowed: readonly T[]): Shape<T> {
  return (value): value is T => allowed.some((candidate) => candidate === value);
}

/** An array whose elements all have a shape. */
export function listOf<T>(element: Shape<T>): Shape<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every((one) => element(one));
}

/** An array with exactly these fields. */
export function tuple<const Shapes extends readonly Shape<unknown>[]>(
  ...shapes: Shapes
): Shape<Values<Shapes>> {
  return (value): value is Values<Shapes> =>
    Array.isArray(value) &&
    value.length === shapes.length &&
    shapes.every((shape, index) => shape(value[index]));
}

/** A map from strings to strings. */
export const textMap: Shape<Record<string, string>> = (value): value is Record<string, string> =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  Object.values(value).every((one) => text(one));

/**
 * Returns the fields of a record with their types.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if they do not have these shapes.
 */
export function readFields<const Shapes extends readonly Shape<unknown>[]>(
  fields: readonly unknown[],
  shapes: Shapes,
  key: string,
): Values<Shapes> {
  if (tuple(...shapes)(fields)) return fields;
  const wrong = shapes.findIndex((shape, index) => !shape(fields[index]));
  throw new ClorthoError(
    'CLORTHO_CORRUPT',
    `a field has an impossible value: register=${key} fields=${fields.length} field=${wrong}`,
  );
}
