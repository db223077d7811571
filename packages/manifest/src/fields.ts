/**
 * Checked reading of decoded MessagePack values: what came from outside has the shape that the format says.
 *
 * Invariants:
 * - An array has exactly the fields of its format: one with more comes from a version that this code does not know,
 *   and writing it back would lose them.
 * - Byte strings are copied out: a decoded value never keeps its input alive.
 */
import { ClorthoError } from '@clortho/base';

/** Reads the fields of one array in order. */
export class FieldReader {
  readonly #fields: readonly unknown[];
  readonly #name: string;
  #next = 0;

  /** Reads `value`, which must be an array of `count` fields; `name` is for messages. */
  constructor(value: unknown, count: number, name: string) {
    if (!Array.isArray(value) || value.length !== count) {
      throw corruptField(name, `an array of ${count} fields`, value);
    }
    this.#fields = value;
    this.#name = name;
  }

  /** Returns the next field, a safe integer that is not negative. */
  integer(): number {
    const value = this.#take();
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw corruptField(this.#name, 'an integer', value);
    return value as number;
  }

  /** Returns the next field, a string. */
  text(): string {
    const value = this.#take();
    if (typeof value !== 'string') throw corruptField(this.#name, 'a string', value);
    return value;
  }

  /** Returns the next field, one of the given strings. */
  oneOf<const T extends string>(allowed: readonly T[]): T {
    const value = this.#take();
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw corruptField(this.#name, `one of ${allowed.join(', ')}`, value);
    return found;
  }

  /** Returns the next field, a boolean. */
  boolean(): boolean {
    const value = this.#take();
    if (typeof value !== 'boolean') throw corruptField(this.#name, 'a boolean', value);
    return value;
  }

  /** Returns the next field, a byte string, as a copy. */
  bytes(): Uint8Array {
    const value = this.#take();
    if (!(value instanceof Uint8Array)) throw corruptField(this.#name, 'a byte string', value);
    return new Uint8Array(value);
  }

  /** Returns the next field, a byte string as a copy, or `undefined` if it is nil. */
  optionalBytes(): Uint8Array | undefined {
    if (this.#fields[this.#next] !== null) return this.bytes();
    this.#next += 1;
    return undefined;
  }

  /** Returns the next field, an array, each element read by `read`. */
  list<T>(read: (value: unknown) => T): T[] {
    const value = this.#take();
    if (!Array.isArray(value)) throw corruptField(this.#name, 'an array', value);
    return value.map(read);
  }

  /** Returns the next field, a map, each value read by `read`. */
  record<T>(read: (value: unknown) => T): Record<string, T> {
    const value = this.#take();
    // Byte strings and the extension types of MessagePack are objects too.
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
      throw corruptField(this.#name, 'a map', value);
    }
    const record: Record<string, T> = {};
    for (const [key, field] of Object.entries(value)) record[key] = read(field);
    return record;
  }

  /** Returns a reader of the next field, an array of `count` fields itself. */
  fields(count: number): FieldReader {
    return new FieldReader(this.#take(), count, this.#name);
  }

  #take(): unknown {
    const value = this.#fields[this.#next];
    this.#next += 1;
    return value;
  }
}

function corruptField(name: string, expected: string, value: unknown): ClorthoError {
  return new ClorthoError(
    'CLORTHO_CORRUPT',
    `${name} is malformed: expected=${expected} found=${typeof value}`,
  );
}
