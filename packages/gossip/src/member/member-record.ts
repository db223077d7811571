/**
 * What one member knows of another: an immutable value, so that a view is an array of references and views may share
 * their elements. A simulation of 10,000 members has a hundred million of them.
 *
 * Invariants:
 * - Facts about membership are ordered by (generation, incarnation, status): the greater one replaces the smaller.
 * - The hash covers exactly what makes two records equal: everything but accusers and keys known ahead.
 */
import { type Hash64, hashBytes } from '@clortho/base';
import type { DeltaItem, MemberItem, ValueItem } from '../item/item.ts';
import { memberItem } from '../item/item-codec.ts';
import { type KeyValues, NO_KEY_VALUES, withDelta, withEntry } from '../kv/key-values.ts';
import type { Status } from './status.ts';

/** What is known of a member. */
export interface MemberRecord {
  /** The newest fact about its membership. */
  readonly item: MemberItem;
  readonly kv: KeyValues;
  /** The two halves of the hash. */
  readonly low: number;
  readonly high: number;
}

/** Bytes that enter the hash of a record: id 6, gen 6, inc 4, status 1, max 6, gc 6, big endian. */
const HASHED_BYTES = 29;

/** Makes records. A simulation shares what equal calls return. */
export interface RecordFactory {
  /** Returns the record that `old` becomes by a newer fact about its membership. */
  withItem(old: MemberRecord | undefined, item: MemberItem): MemberRecord;
  /** Returns the record that `old` becomes by one or more changes of its keys; `old` itself if they are no news. */
  withChanges(old: MemberRecord, changes: ValueItem | DeltaItem): MemberRecord;
  /** Returns the record that `old` becomes by having these keys. */
  withKeyValues(old: MemberRecord, kv: KeyValues): MemberRecord;
}

/** Makes records without sharing. */
export const recordFactory: RecordFactory = {
  // Keys belong to a generation: a member that starts again begins with none.
  withItem: (old, item) =>
    recordOf(item, old !== undefined && old.item.gen === item.gen ? old.kv : NO_KEY_VALUES),
  withChanges(old, changes) {
    const kv =
      changes.kind === 'value' ? withEntry(old.kv, changes.key, changes.entry) : withDelta(old.kv, changes);
    return kv === old.kv ? old : recordOf(old.item, kv);
  },
  withKeyValues: (old, kv) => recordOf(old.item, kv),
};

/** Compares two facts about one member: positive if `left` replaces `right`, zero if they say the same. */
export function compareItems(left: MemberItem, right: MemberItem): number {
  return left.gen - right.gen || left.inc - right.inc || left.status - right.status;
}

/** Returns the fact that `by` makes of `item` by giving it another status. */
export function withStatus(item: MemberItem, status: Status, by: number): MemberItem {
  const { name, gen, inc, address } = item;
  return memberItem({ name, gen, inc, status, address, by });
}

function recordOf(item: MemberItem, kv: KeyValues): MemberRecord {
  const scratch = Buffer.allocUnsafe(HASHED_BYTES);
  const hash: Hash64 = { low: 0, high: 0 };
  scratch.writeUIntBE(item.id, 0, 6);
  scratch.writeUIntBE(item.gen, 6, 6);
  scratch.writeUInt32BE(item.inc, 12);
  scratch[16] = item.status;
  scratch.writeUIntBE(kv.max, 17, 6);
  scratch.writeUIntBE(kv.gc, 23, 6);
  hashBytes(scratch, 0, HASHED_BYTES, hash);
  return { item, kv, low: hash.low, high: hash.high };
}
