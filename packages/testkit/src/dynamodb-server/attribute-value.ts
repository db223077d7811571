/**
 * DynamoDB values, kept in the form in which they travel: `{ "S": "text" }`, binary as base64.
 *
 * Invariants:
 * - A value that was checked is canonical: numbers in plain text, base64 padded, so equal values have equal JSON
 *   except for the order of sets and maps.
 * - Values are never changed in place; an item and a request may share them.
 */
import { decimalBytes, decimalOrderKey, formatDecimal, parseDecimal } from './decimal.ts';
import { type ServiceError, validationError } from './service-error.ts';

/** One value: exactly one of the types is present. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Item }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] };

/** Attributes by name: an item, a key, or a map inside one. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** The name of a type. */
export type TypeName = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'L' | 'M' | 'SS' | 'NS' | 'BS';

const DEPTH_MAX = 32;

/** Returns the type of a value. */
export function typeOf(value: AttributeValue): TypeName {
  return Object.keys(value)[0] as TypeName;
}

/** Returns what is inside a value of a set type, else `undefined`. */
export function setMembers(value: AttributeValue): readonly string[] | undefined {
  if ('SS' in value) return value.SS;
  if ('NS' in value) return value.NS;
  return 'BS' in value ? value.BS : undefined;
}

/**
 * Returns the canonical form of attributes that came over the wire.
 *
 * @throws {ServiceError} `ValidationException` for anything that is no map of values.
 */
export function checkItem(raw: unknown, depth = 0): Item {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw malformed('a map of attributes');
  const item: Record<string, AttributeValue> = Object.create(null) as Record<string, AttributeValue>;
  for (const [name, value] of Object.entries(raw)) {
    if (name === '' || Buffer.byteLength(name) > 65_535) throw malformed('an attribute name');
    item[name] = checkValue(value, depth);
  }
  return item;
}

/**
 * Returns the canonical form of a value that came over the wire.
 *
 * @throws {ServiceError} `ValidationException` if it is none.
 */
export function checkValue(raw: unknown, depth = 0): AttributeValue {
  if (depth > DEPTH_MAX) throw validationError('Nesting Levels have exceeded supported limits');
  if (typeof raw !== 'object' || raw === null) throw malformed('a value');
  const entries = Object.entries(raw);
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) {
    throw validationError(
      'Supplied AttributeValue has more than one datatypes set, must contain exactly one',
    );
  }
  const [type, content] = entry as [string, unknown];
  switch (type) {
    case 'S':
      return { S: checkText(content) };
    case 'N':
      return { N: checkNumber(content) };
    case 'B':
      return { B: checkBinary(content) };
    case 'BOOL':
      if (typeof content !== 'boolean') throw malformed('a boolean');
      return { BOOL: content };
    case 'NULL':
      if (content !== true) throw validationError('Null attribute value types must have the value of true');
      return { NULL: true };
    case 'L':
      if (!Array.isArray(content)) throw malformed('a list');
      return { L: content.map((element) => checkValue(element, depth + 1)) };
    case 'M':
      return { M: checkItem(content, depth + 1) };
    case 'SS':
      return { SS: checkSet(content, checkText) };
    case 'NS':
      return { NS: checkSet(content, checkNumber) };
    case 'BS':
      return { BS: checkSet(content, checkBinary) };
    default:
      throw validationError(
        'Supplied AttributeValue is empty, must contain exactly one of the supported datatypes',
      );
  }
}

/** Tells whether two values are equal; sets and maps have no order. */
export function equalValues(left: AttributeValue, right: AttributeValue): boolean {
  return identity(left) === identity(right);
}

/**
 * Returns a string whose order by UTF-16 units is the order of values of this type: numeric, or by unsigned
 * bytes (one character each). `undefined` for types without an order.
 */
export function orderKey(value: AttributeValue): string | undefined {
  if ('S' in value) return Buffer.from(value.S).toString('latin1');
  if ('B' in value) return Buffer.from(value.B, 'base64').toString('latin1');
  return 'N' in value ? decimalOrderKey(parseDecimal(value.N)) : undefined;
}

/** Returns the size of an item by DynamoDB's rules: names and values, in bytes. */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + valueBytes(value);
  return bytes;
}

function valueBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return decimalBytes(parseDecimal(value.N));
  if ('B' in value) return Buffer.byteLength(value.B, 'base64');
  if ('L' in value) return value.L.reduce((sum, element) => sum + 1 + valueBytes(element), 3);
  if ('M' in value) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  if ('SS' in value) return value.SS.reduce((sum, member) => sum + Buffer.byteLength(member), 0);
  if ('NS' in value) return value.NS.reduce((sum, member) => sum + decimalBytes(parseDecimal(member)), 0);
  if ('BS' in value) return value.BS.reduce((sum, member) => sum + Buffer.byteLength(member, 'base64'), 0);
  return 1;
}

function identity(value: AttributeValue): string {
  const members = setMembers(value);
  if (members !== undefined) return `${typeOf(value)}${JSON.stringify([...members].sort())}`;
  if ('L' in value) return `L[${value.L.map(identity).join(',')}]`;
  if (!('M' in value)) return JSON.stringify(value);
  const entries = Object.entries(value.M).map(
    ([name, inner]) => `${JSON.stringify(name)}:${identity(inner)}`,
  );
  return `M{${entries.sort().join(',')}}`;
}

function checkText(raw: unknown): string {
  if (typeof raw !== 'string') throw malformed('a string');
  return raw;
}

function checkNumber(raw: unknown): string {
  return formatDecimal(parseDecimal(checkText(raw)));
}

function checkBinary(raw: unknown): string {
  const text = checkText(raw);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw malformed('base64');
  return Buffer.from(text, 'base64').toString('base64');
}

function checkSet(raw: unknown, checkMember: (member: unknown) => string): string[] {
  if (!Array.isArray(raw)) throw malformed('a set');
  const members = raw.map(checkMember);
  if (members.length === 0)
    throw validationError('One or more parameter values were invalid: An set may not be empty');
  if (new Set(members).size < members.length) {
    throw validationError('One or more parameter values were invalid: Input collection contains duplicates');
  }
  return members;
}

function malformed(wanted: string): ServiceError {
  return validationError(`One or more parameter values were invalid: not ${wanted}`);
}
