/** Comparing what the store said with the plain computation. */

/** The outcome of one comparison. */
export interface Check {
  /** What was compared. */
  readonly name: string;
  readonly ok: boolean;
  /** The first difference; absent if there is none. */
  readonly difference?: string;
}

/** Returns whether two JSON values are equal, and where they first differ. */
export function check(name: string, found: unknown, expected: unknown): Check {
  const difference = firstDifference(found, expected, '');
  return difference === undefined ? { name, ok: true } : { name, ok: false, difference };
}

function firstDifference(found: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(found, expected)) return undefined;
  if (!isObject(found) || !isObject(expected)) {
    return `${path === '' ? 'value' : path}: the store says ${textOf(found)}, the records say ${textOf(expected)}`;
  }
  for (const key of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    const difference = firstDifference(found[key], expected[key], path === '' ? key : `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
