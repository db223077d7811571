/** Typed access to the JSON of a request. */
import { type AttributeValue, checkItem, type Item } from './attribute-value.ts';
import { validationError } from './service-error.ts';

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells whether `value` is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a member that is an object, or `undefined` if it is absent. */
export function optionalObject(input: JsonObject, member: string): JsonObject | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value))
    throw validationError(`Value at '${member}' failed to satisfy constraint: not a map`);
  return value;
}

/** Returns a member that is an object. */
export function requiredObject(input: JsonObject, member: string): JsonObject {
  return optionalObject(input, member) ?? missing(member);
}

/** Returns a member that is a string, or `undefined` if it is absent. */
export function optionalString(input: JsonObject, member: string): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string')
    throw validationError(`Value at '${member}' failed to satisfy constraint: not a string`);
  return value;
}

/** Returns a member that is a string. */
export function requiredString(input: JsonObject, member: string): string {
  return optionalString(input, member) ?? missing(member);
}

/** Returns a member that is a count of at least `minimum`, or `undefined` if it is absent. */
export function optionalCount(input: JsonObject, member: string, minimum = 1): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < minimum) {
    throw validationError(
      `Value '${String(value)}' at '${member}' failed to satisfy constraint: Member must have value greater than or equal to ${minimum}`,
    );
  }
  return value as number;
}

/** Returns a member that is a list of objects with 1 to `lengthMax` elements. */
export function requiredObjects(input: JsonObject, member: string, lengthMax: number): readonly JsonObject[] {
  const value = input[member];
  if (!Array.isArray(value) || !value.every(isJsonObject)) return missing(member);
  if (value.length < 1 || value.length > lengthMax) {
    throw validationError(
      `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length less than or equal to ${lengthMax} and greater than or equal to 1`,
    );
  }
  return value;
}

/** Returns a member that is an item or a key. */
export function requiredItem(input: JsonObject, member: string): Item {
  return checkItem(requiredObject(input, member));
}

/** Returns the attributes of an item that exists, else none. */
export function attributesOf(item: Item | undefined): Readonly<Record<string, AttributeValue>> {
  return item ?? {};
}

function missing(member: string): never {
  throw validationError(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}
