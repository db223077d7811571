/**
 * Items out of what is known: the answer to somebody who lacks it.
 *
 * Invariants:
 * - The items of a datagram are at most as large as asked for; keys are cut between versions, so what is left comes later.
 * - Who has to begin anew gets everything at once: of a part it could not tell what of the old is still there.
 */

import type { DeltaItem, Item, KeyedEntry } from '../item/item.ts';
import { deltaItem } from '../item/item-codec.ts';
import { DATAGRAM_VALUE_BYTES_MAX } from '../item/limits.ts';
import { entriesSince } from '../kv/key-values.ts';
import type { MemberRecord } from '../member/member-record.ts';
import { ITEM_OVERHEAD_BYTES } from '../wire/message-codec.ts';

/** A delta without entries takes at most so much: array, kind, five numbers of 9 bytes, an array. */
const DELTA_HEAD_BYTES = 52;
/** An entry takes beside key and value: their heads and a version. */
const ENTRY_HEAD_BYTES = 17;
/** The most of a datagram that the keys of one member take while other members wait. */
const MEMBER_SHARE_BYTES = 600;

/** If more entries than this are left, a stream brings them at once instead of one exchange after the other. */
const REST_ENTRIES_MAX = 64;

/** What somebody lacks, and what of it no datagram holds. */
export interface Lacking {
  readonly items: readonly Item[];
  /** Whether there is something that is too large for datagrams: a value, a new beginning, many changes. */
  readonly hasLarge: boolean;
}

/** Returns the keys of a record after version `from`, in at most `bytes`; `undefined` if there are none to be told. */
export function deltaSince(record: MemberRecord, from: number, bytes: number): DeltaItem | undefined {
  const { item, kv } = record;
  // Who is behind what was forgotten has to begin anew.
  const start = kv.gc > from ? 0 : from;
  const all = entriesSince(kv, start);
  const entries: KeyedEntry[] = [];
  let left = bytes - DELTA_HEAD_BYTES;
  for (const keyed of all) {
    left -= entryBytes(keyed);
    if (left < 0) break;
    entries.push(keyed);
  }
  const isWhole = entries.length === all.length;
  if (entries.length === 0 && (!isWhole || (from === kv.max && start === from))) {
    // The gc mark alone is news too, but then there is nothing to begin with.
    if (!isWhole || kv.gc === 0) return undefined;
  }
  const to = isWhole ? kv.max : (entries.at(-1)?.[1].version ?? start);
  return deltaItem({ id: item.id, gen: item.gen, from: start, to, gc: kv.gc, entries });
}

/** Returns what somebody lacks of a member whose keys it has up to `from`, for datagrams. */
export function lackingOf(record: MemberRecord, withMember: boolean, from: number): Lacking {
  const { item, kv } = record;
  const member: Item[] = withMember ? [item] : [];
  if (from > kv.max) return { items: member, hasLarge: false };
  const isReset = kv.gc > from;
  const delta =
    deltaSince(record, from, MEMBER_SHARE_BYTES) ??
    (from < kv.max ? deltaSince(record, from, DATAGRAM_VALUE_BYTES_MAX + 200) : undefined);
  if (delta === undefined)
    return { items: member, hasLarge: entriesSince(kv, isReset ? 0 : from).length > 0 };
  if (isReset && delta.to < kv.max) return { items: member, hasLarge: true };
  const rest = entriesSince(kv, delta.to);
  const hasLarge = rest.length > REST_ENTRIES_MAX || rest.some(([, { value }]) => isLarge(value));
  return { items: [...member, delta], hasLarge };
}

/** Returns what an item takes of a message. */
export function itemCost({ bytes }: Item): number {
  return bytes.length + ITEM_OVERHEAD_BYTES;
}

function isLarge(value: Uint8Array | undefined): boolean {
  return value !== undefined && value.length > DATAGRAM_VALUE_BYTES_MAX;
}

function entryBytes([key, { value }]: KeyedEntry): number {
  return ENTRY_HEAD_BYTES + Buffer.byteLength(key) + (value?.length ?? 0);
}
