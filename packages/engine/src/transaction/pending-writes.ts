/**
 * What a transaction has written and not committed: its operations in order, and what they make of each key.
 *
 *     untouched ── put v ──► value v          absent  ── merge m ──► value m
 *         │  ─── del, range ─► absent         value v ── merge m ──► value v·m
 *         └───── merge m ────► operand m      operand o ─ merge m ─► operand o·m
 *
 * Invariants:
 * - Operations are kept as they were given, copied: the commit parses them again, against the shards of that moment.
 */
import { ClorthoError, compareBytes, type KeyInterval } from '@clortho/base';
import { mergeValues } from '@clortho/compaction';
import type { Operation } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { ownedKeyBytes, valueBytes } from '../input/bytes.ts';

/** What the writes so far make of a key. */
export type Effect =
  | { readonly kind: 'untouched' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: Uint8Array }
  /** To be merged into what the store has. */
  | { readonly kind: 'operand'; readonly value: Uint8Array };

const UNTOUCHED: Effect = { kind: 'untouched' };
const ABSENT: Effect = { kind: 'absent' };

interface FamilyWrites {
  /** Effects by the key as text of one character per byte. */
  readonly effects: Map<string, { readonly key: Uint8Array; effect: Effect }>;
  readonly ranges: { readonly start: Uint8Array; readonly end: Uint8Array }[];
}

/** The write set of one attempt. */
export class PendingWrites {
  readonly #families = new Map<number, FamilyWrites>();
  readonly #operations: Operation[] = [];
  readonly #familyOf: (name: string | undefined) => Family;

  /** Creates an empty set; `familyOf` looks families up. */
  constructor(familyOf: (name: string | undefined) => Family) {
    this.#familyOf = familyOf;
  }

  /** All operations in order. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /**
   * Adds an operation, copying its bytes.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if it is malformed, or merges in a family without its operator.
   */
  add(operation: Operation): void {
    const family = this.#familyOf(operation.family);
    const writes = this.#writesOf(family);
    switch (operation.type) {
      case 'put':
        return this.#set(writes, operation, {
          kind: 'value',
          value: new Uint8Array(valueBytes(operation.value)),
        });
      case 'del':
        return this.#set(writes, operation, ABSENT);
      case 'merge': {
        const key = ownedKeyBytes(operation.key);
        const value = new Uint8Array(valueBytes(operation.value));
        const effect = mergeInto(family, this.effectOn(family, key), value);
        writes.effects.set(textOf(key), { key, effect });
        this.#operations.push({ ...operation, key, value });
        return;
      }
      case 'deleteRange': {
        const start = ownedKeyBytes(operation.start, 'start');
        const end = ownedKeyBytes(operation.end, 'end');
        if (compareBytes(start, end) > 0)
          throw new ClorthoError('CLORTHO_INVALID', 'a range ends before it begins');
        for (const entry of writes.effects.values()) if (isIn(entry.key, start, end)) entry.effect = ABSENT;
        writes.ranges.push({ start, end });
        this.#operations.push({ ...operation, start, end });
        return;
      }
    }
  }

  /** Returns what the writes make of a key. */
  effectOn(family: Family, key: Uint8Array): Effect {
    const writes = this.#families.get(family.record.number);
    if (writes === undefined) return UNTOUCHED;
    const known = writes.effects.get(textOf(key));
    if (known !== undefined) return known.effect;
    return writes.ranges.some(({ start, end }) => isIn(key, start, end)) ? ABSENT : UNTOUCHED;
  }

  /** Returns the keys in an interval that were put, merged or deleted one by one, in ascending order. */
  keysIn(family: Family, { start, end }: KeyInterval): Uint8Array[] {
    const writes = this.#families.get(family.record.number);
    if (writes === undefined) return [];
    const keys = [...writes.effects.values()].map(({ key }) => key);
    return keys
      .filter((key) => compareBytes(key, start) >= 0 && (end === undefined || compareBytes(key, end) < 0))
      .sort(compareBytes);
  }

  #set(writes: FamilyWrites, operation: Operation & { readonly type: 'put' | 'del' }, effect: Effect): void {
    const key = ownedKeyBytes(operation.key);
    writes.effects.set(textOf(key), { key, effect });
    if (effect.kind === 'value')
      this.#operations.push({ ...operation, type: 'put', key, value: effect.value });
    else this.#operations.push({ type: 'del', key, family: operation.family });
  }

  #writesOf(family: Family): FamilyWrites {
    const { number } = family.record;
    let writes = this.#families.get(number);
    if (writes === undefined) {
      writes = { effects: new Map(), ranges: [] };
      this.#families.set(number, writes);
    }
    return writes;
  }
}

/** Returns the value of a key whose store has `base`; `undefined` if it has none. */
export function valueAfter(
  family: Family,
  effect: Effect,
  base: Uint8Array | undefined,
): Uint8Array | undefined {
  switch (effect.kind) {
    case 'untouched':
      return base;
    case 'absent':
      return undefined;
    case 'value':
      return new Uint8Array(effect.value);
    case 'operand':
      return base === undefined ? new Uint8Array(effect.value) : merged(family, base, effect.value);
  }
}

function mergeInto(family: Family, effect: Effect, operand: Uint8Array): Effect {
  switch (effect.kind) {
    case 'untouched':
      return { kind: 'operand', value: operand };
    case 'absent':
      return { kind: 'value', value: operand };
    case 'value':
    case 'operand':
      return { kind: effect.kind, value: merged(family, effect.value, operand) };
  }
}

function merged({ operator, record }: Family, older: Uint8Array, newer: Uint8Array): Uint8Array {
  if (operator !== undefined) return mergeValues(operator, older, newer);
  throw new ClorthoError('CLORTHO_INVALID', `the family has no merge operator here: family=${record.name}`);
}

function isIn(key: Uint8Array, start: Uint8Array, end: Uint8Array): boolean {
  return compareBytes(start, key) <= 0 && compareBytes(key, end) < 0;
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
