/** Where the records of a view are kept: by slot. A simulation keeps numbers of shared records in typed arrays instead. */
import type { MemberRecord } from './member-record.ts';

/** Records by slot. */
export interface MemberTable {
  /** Returns the record of a slot, if there is one. */
  get(slot: number): MemberRecord | undefined;
  /** Sets or, with `undefined`, clears a slot. */
  set(slot: number, record: MemberRecord | undefined): void;
}

/** Returns an empty table. */
export function createTable(): MemberTable {
  const records: (MemberRecord | undefined)[] = [];
  return {
    get: (slot) => records[slot],
    set(slot, record) {
      while (records.length < slot) records.push(undefined);
      records[slot] = record;
    },
  };
}
