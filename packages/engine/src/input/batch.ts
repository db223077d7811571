/**
 * Batches: what users write, checked and copied. Which shards it goes to is decided when it commits (see `reduce.ts`).
 *
 * Invariants:
 * - A parsed batch shares no bytes with its input. Operations keep their order.
 */
import { ClorthoError, compareBytes } from '@clortho/base';
import { DELETE, MERGE, PUT, type RowKind } from '@clortho/sst';
import type { Operation, PutCondition } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { keyBytes, valueBytes } from './bytes.ts';
import { timestampOf } from './time.ts';

/** An operation on one key. */
export interface KeyOperation {
  readonly family: Family;
  readonly kind: RowKind;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A range delete of `[start, end)`, which is not empty. */
export interface RangeOperation {
  readonly family: Family;
  readonly kind: 'deleteRange';
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** A parsed operation. */
export type ParsedOperation = KeyOperation | RangeOperation;

/** The version that a key must have before the batch: its timestamp, `undefined` for none. */
export interface Expectation {
  readonly family: Family;
  readonly key: Uint8Array;
  readonly version: number | undefined;
}

/** A parsed batch. */
export interface ParsedBatch {
  readonly operations: readonly ParsedOperation[];
  /** What must hold on top of the view that the batch commits to. */
  readonly expectations: readonly Expectation[];
  /** Bytes of keys and values. */
  readonly bytes: number;
}

const NO_VALUE = new Uint8Array(0);

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
  const views = operations.map(viewOperation);
  let bytes = 0;
  for (const { first, second } of views) bytes += first.length + second.length;
  const store = new ByteStore(bytes);
  const parsed: ParsedOperation[] = [];
  const expectations: Expectation[] = [];
  for (const { type, family: name, first, second, expected } of views) {
    const family = familyOf(name);
    if (type === 'deleteRange') {
      const isEmpty = compareBytes(first, second) === 0;
      if (!isEmpty) parsed.push({ family, kind: type, start: store.copy(first), end: store.copy(second) });
      continue;
    }
    if (type === 'merge') requireOperator(family);
    const key = store.copy(first);
    const value = second.length === 0 ? NO_VALUE : store.copy(second);
    parsed.push({ family, kind: KINDS[type], key, value });
    if (expected !== undefined) expectations.push({ family, key, version: expected.version });
  }
  return { operations: parsed, expectations, bytes };
}

const KINDS = { put: PUT, del: DELETE, merge: MERGE } as const;

interface OperationView {
  readonly type: Operation['type'];
  readonly family: string | undefined;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly expected?: Pick<Expectation, 'version'> | undefined;
}

function viewOperation(operation: Operation): OperationView {
  if (typeof operation !== 'object' || operation === null) {
    throw new ClorthoError('CLORTHO_INVALID', `an operation is an object: found=${String(operation)}`);
  }
  const { family } = operation;
  switch (operation.type) {
    case 'put':
      return {
        type: 'put',
        family,
        first: keyBytes(operation.key),
        second: valueBytes(operation.value),
        expected: expectedBy(operation),
      };
    case 'merge':
      return { type: 'merge', family, first: keyBytes(operation.key), second: valueBytes(operation.value) };
    case 'del':
      return { type: 'del', family, first: keyBytes(operation.key), second: NO_VALUE };
    case 'deleteRange': {
      const start = keyBytes(operation.start, 'start');
      const end = keyBytes(operation.end, 'end');
      if (compareBytes(start, end) > 0)
        throw new ClorthoError('CLORTHO_INVALID', 'the range is inverted: start > end');
      return { type: 'deleteRange', family, first: start, second: end };
    }
    default:
      throw new ClorthoError(
        'CLORTHO_INVALID',
        `an operation is put, del, merge or deleteRange: found=${(operation as Operation).type}`,
      );
  }
}

function expectedBy({ ifAbsent, ifVersion }: PutCondition): OperationView['expected'] {
  if (ifVersion === undefined) return ifAbsent === true ? { version: undefined } : undefined;
  if (ifAbsent === true)
    throw new ClorthoError('CLORTHO_INVALID', 'ifAbsent and ifVersion exclude each other');
  return { version: timestampOf(ifVersion, 'ifVersion') };
}

/** Copies of many small byte strings in one allocation. */
class ByteStore {
  readonly #bytes: Uint8Array;
  #used = 0;

  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes);
  }

  copy(source: Uint8Array): Uint8Array {
    const start = this.#used;
    this.#bytes.set(source, start);
    this.#used += source.length;
    return this.#bytes.subarray(start, this.#used);
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
