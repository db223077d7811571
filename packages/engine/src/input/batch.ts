/**
 * Batches: what users write, checked and copied. Which shards it goes to is decided when it commits (see `reduce.ts`).
 *
 * Invariants:
 * - A parsed batch shares no bytes with its input. Operations on one family keep their order; those on different ones have
 *   nothing to do with each other.
 */
import { ClorthoError, compareBytes, copyBytes, EMPTY_BYTES } from '@clortho/base';
import { DELETE, MERGE, PUT } from '@clortho/sst';
import type { Operation, PutCondition } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { keyBytes, valueBytes } from './bytes.ts';
import { type FamilyOperations, OperationsBuilder } from './family-operations.ts';
import { timestampOf } from './time.ts';

/** The version that a key must have before the batch: its timestamp, `undefined` for none. */
export interface Expectation {
  readonly family: Family;
  readonly key: Uint8Array;
  readonly version: number | undefined;
}

/** A parsed batch. */
export interface ParsedBatch {
  /** One element per family. */
  readonly families: readonly FamilyOperations[];
  /** How many operations it has. */
  readonly operations: number;
  /** What must hold on top of the view that the batch commits to. */
  readonly expectations: readonly Expectation[];
  /** Bytes of keys and values. */
  readonly bytes: number;
}

/**
 * Returns the batch, its bytes copied.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is empty or an operation is malformed, too large, names an
 *   unknown family, or merges in a family whose operator is absent. Nothing of it was taken then.
 */
export function parseBatch(
  operations: readonly Operation[],
  familyOf: (name: string | undefined) => Family,
): ParsedBatch {
  if (!Array.isArray(operations))
    throw new ClorthoError('CLORTHO_INVALID', 'a batch is an array of operations');
  if (operations.length === 0)
    throw new ClorthoError('CLORTHO_INVALID', 'a batch has at least one operation');
  const parser = new BatchParser(operations.length, familyOf);
  for (const operation of operations as readonly Operation[]) parser.add(operation);
  return parser;
}

class BatchParser implements ParsedBatch {
  readonly families: OperationsBuilder[] = [];
  readonly operations: number;
  readonly expectations: Expectation[] = [];
  bytes = 0;
  readonly #familyOf: (name: string | undefined) => Family;
  /** The family of the last operation, its name as it was given, and its operations. */
  #last: { readonly name: string | undefined; readonly target: OperationsBuilder } | undefined;

  constructor(operations: number, familyOf: (name: string | undefined) => Family) {
    this.operations = operations;
    this.#familyOf = familyOf;
  }

  add(operation: Operation): void {
    if (typeof operation !== 'object' || operation === null) {
      throw new ClorthoError('CLORTHO_INVALID', `an operation is an object: found=${String(operation)}`);
    }
    const { family } = operation;
    switch (operation.type) {
      case 'put': {
        const key = keyBytes(operation.key);
        const value = valueBytes(operation.value);
        const target = this.#target(family, key.length + value.length);
        target.push(PUT, key, value);
        this.#expect(target.family, key, operation);
        return;
      }
      case 'merge': {
        const key = keyBytes(operation.key);
        const value = valueBytes(operation.value);
        const target = this.#target(family, key.length + value.length);
        requireOperator(target.family);
        target.push(MERGE, key, value);
        return;
      }
      case 'del': {
        const key = keyBytes(operation.key);
        this.#target(family, key.length).push(DELETE, key, EMPTY_BYTES);
        return;
      }
      case 'deleteRange': {
        const start = keyBytes(operation.start, 'start');
        const end = keyBytes(operation.end, 'end');
        const order = compareBytes(start, end);
        if (order > 0) throw new ClorthoError('CLORTHO_INVALID', 'the range is inverted: start > end');
        const { ranges, kinds } = this.#target(family, start.length + end.length);
        if (order < 0) ranges.push({ start: copyBytes(start), end: copyBytes(end), before: kinds.length });
        return;
      }
      default:
        throw new ClorthoError(
          'CLORTHO_INVALID',
          `an operation is put, del, merge or deleteRange: found=${(operation as Operation).type}`,
        );
    }
  }

  /** Returns where an operation of so many bytes goes. */
  #target(name: string | undefined, bytes: number): OperationsBuilder {
    this.bytes += bytes;
    if (this.#last !== undefined && this.#last.name === name) return this.#last.target;
    const family = this.#familyOf(name);
    let target = this.families.find((one) => one.family === family);
    if (target === undefined) {
      // Most batches are of one family, and of rows of about one size.
      target = new OperationsBuilder(family, bytes * (this.families.length === 0 ? this.operations : 1));
      this.families.push(target);
    }
    this.#last = { name, target };
    return target;
  }

  #expect(family: Family, key: Uint8Array, { ifAbsent, ifVersion }: PutCondition): void {
    if (ifVersion === undefined) {
      if (ifAbsent === true) this.expectations.push({ family, key: copyBytes(key), version: undefined });
      return;
    }
    if (ifAbsent === true)
      throw new ClorthoError('CLORTHO_INVALID', 'ifAbsent and ifVersion exclude each other');
    this.expectations.push({ family, key: copyBytes(key), version: timestampOf(ifVersion, 'ifVersion') });
  }
}

function requireOperator(family: Family): void {
  if (family.operator !== undefined) return;
  const { name, merge } = family.record;
  const reason =
    merge === undefined
      ? 'has no merge operator'
      : `needs its merge operator ${merge.name} v${merge.version}`;
  throw new ClorthoError('CLORTHO_INVALID', `the family ${reason}: family=${name}`);
}
