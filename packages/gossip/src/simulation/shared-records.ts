/**
 * Records shared by all members of a simulation: each member's table is an array of 4-byte numbers.
 *
 *     10,000 members × 10,000 records × 4 bytes = 400 MB, outside the heap of the garbage collector
 *
 * Members that apply the same fact to the same record get the same new record, so there are as many records as there are
 * different states, not as many as there are views.
 *
 * Invariants:
 * - What a member sees is what it would see with records of its own.
 */
import type { DeltaItem, MemberItem, ValueItem } from '../item/item.ts';
import type { KeyValues } from '../kv/key-values.ts';
import { type MemberRecord, type RecordFactory, recordFactory } from '../member/member-record.ts';
import type { MemberTable } from '../member/member-table.ts';

interface Step {
  readonly old: MemberRecord | undefined;
  readonly cause: object;
  readonly record: MemberRecord;
}

/** How many steps of a member are remembered: what is on its way to everybody at one time. */
const STEPS_PER_MEMBER = 16;

/** The records of a simulation. */
export class SharedRecords implements RecordFactory {
  readonly #records: (MemberRecord | undefined)[] = [undefined];
  readonly #numbers = new WeakMap<MemberRecord, number>();
  readonly #steps = new Map<number, Step[]>();

  /** Returns the record that `old` becomes, the same for the same fact. */
  withItem(old: MemberRecord | undefined, item: MemberItem): MemberRecord {
    return this.#step(item.id, old, item, () => recordFactory.withItem(old, item));
  }

  /** Returns the record that `old` becomes, the same for the same changes. */
  withChanges(old: MemberRecord, changes: ValueItem | DeltaItem): MemberRecord {
    return this.#step(old.item.id, old, changes, () => recordFactory.withChanges(old, changes));
  }

  /** Returns the record that `old` becomes. */
  withKeyValues(old: MemberRecord, kv: KeyValues): MemberRecord {
    return recordFactory.withKeyValues(old, kv);
  }

  /** Returns an empty table for `slots` members, or a copy of another one. */
  table(slots: number, like?: Uint32Array): MemberTable & { readonly numbers: Uint32Array } {
    const numbers = new Uint32Array(slots);
    if (like !== undefined) numbers.set(like);
    return {
      numbers,
      get: (slot) => this.#records[numbers[slot] as number],
      set: (slot, record) => {
        numbers[slot] = record === undefined ? 0 : this.#numberOf(record);
      },
    };
  }

  #numberOf(record: MemberRecord): number {
    const known = this.#numbers.get(record);
    if (known !== undefined) return known;
    this.#numbers.set(record, this.#records.length);
    this.#records.push(record);
    return this.#records.length - 1;
  }

  #step(id: number, old: MemberRecord | undefined, cause: object, make: () => MemberRecord): MemberRecord {
    const steps = this.#steps.get(id) ?? [];
    for (const step of steps) if (step.cause === cause && step.old === old) return step.record;
    const record = make();
    steps.unshift({ old, cause, record });
    if (steps.length > STEPS_PER_MEMBER) steps.pop();
    this.#steps.set(id, steps);
    return record;
  }
}
