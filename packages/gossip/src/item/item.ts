/**
 * Items: the facts that packets carry. An item is immutable, is encoded once and then forwarded as it is.
 *
 * Invariants:
 * - `bytes` is the whole encoding of the item, and the only one.
 * - A member item is made by the member itself, by an accuser (`by`), or by one that declares a death.
 */
import type { Status } from '../member/status.ts';

/** What is known of one key of one member. */
export interface Entry {
  /** The number of the change, from 1 on, unique within a generation of the member. */
  readonly version: number;
  /** The value in MessagePack; `undefined` if the key was deleted. */
  readonly value: Uint8Array | undefined;
}

/** A member, its generation and what is said of it. */
export interface MemberItem {
  readonly kind: 'member';
  readonly name: string;
  readonly id: number;
  /** Which start of the member. */
  readonly gen: number;
  /** Grows when the member objects. */
  readonly inc: number;
  readonly status: Status;
  /** `host:port`. */
  readonly address: string;
  /** Id of the accuser; 0 where nobody accuses. */
  readonly by: number;
  readonly bytes: Uint8Array;
}

/** One key of a member. */
export interface ValueItem {
  readonly kind: 'value';
  readonly id: number;
  readonly gen: number;
  readonly key: string;
  readonly entry: Entry;
  readonly bytes: Uint8Array;
}

/** The changes of a member in the versions (from, to]. */
export interface DeltaItem {
  readonly kind: 'delta';
  readonly id: number;
  readonly gen: number;
  readonly from: number;
  readonly to: number;
  /** Up to which version tombstones were forgotten. */
  readonly gc: number;
  /** In the order of their versions. */
  readonly entries: readonly KeyedEntry[];
  readonly bytes: Uint8Array;
}

/** An entry and its key. */
export type KeyedEntry = readonly [key: string, entry: Entry];

/** A fact. */
export type Item = MemberItem | ValueItem | DeltaItem;

/** No items. */
export const NO_ITEMS: readonly Item[] = [];
