/**
 * All that one member knows of the cluster, and a digest of it that is as large for ten members as for ten thousand.
 *
 *     bucket = id mod 256       two lanes of 256 XORs of record hashes, and the XOR of all of them, the root
 *
 * Two views are equal if their roots are. A change takes the hash of the old record out and puts that of the new one in,
 * so keeping the digest costs two XORs. Every second exchange compares the other lane: two differences that cancel each
 * other out in one do not in both.
 *
 * Invariants:
 * - Digest and counts are those of the records in the table.
 */
import type { Directory } from './directory.ts';
import type { MemberRecord } from './member-record.ts';
import type { MemberTable } from './member-table.ts';
import { DEAD } from './status.ts';

/** The number of buckets of a digest. */
export const BUCKETS = 256;

/** A view of the cluster. */
export class MemberView {
  readonly directory: Directory;
  /** Bucket XORs of the two halves of the hashes. */
  readonly lanes: readonly [Uint32Array, Uint32Array];
  #rootLow = 0;
  #rootHigh = 0;
  #size = 0;
  #reachable = 0;
  readonly #table: MemberTable;

  /** Creates a view over an empty table. */
  constructor(directory: Directory, table: MemberTable) {
    this.directory = directory;
    this.#table = table;
    this.lanes = [new Uint32Array(BUCKETS), new Uint32Array(BUCKETS)];
  }

  /** How many members are known, in whatever state. */
  get size(): number {
    return this.#size;
  }

  /** How many members are alive or suspect. */
  get reachable(): number {
    return this.#reachable;
  }

  /** The low half of the root. */
  get rootLow(): number {
    return this.#rootLow;
  }

  /** The high half of the root. */
  get rootHigh(): number {
    return this.#rootHigh;
  }

  /** Returns what is known of the member of a slot. */
  get(slot: number): MemberRecord | undefined {
    return this.#table.get(slot);
  }

  /** Returns what is known of the member with an id. */
  of(id: number): MemberRecord | undefined {
    const slot = this.directory.slotOf(id);
    return slot === undefined ? undefined : this.#table.get(slot);
  }

  /** Sets or, with `undefined`, forgets the record of a slot. */
  set(slot: number, record: MemberRecord | undefined): void {
    const old = this.#table.get(slot);
    if (old !== undefined) this.#count(old, -1);
    if (record !== undefined) this.#count(record, 1);
    this.#table.set(slot, record);
  }

  /** Takes over digest and counts of a view whose table this one's is a copy of. */
  adopt(other: MemberView): void {
    this.lanes[0].set(other.lanes[0]);
    this.lanes[1].set(other.lanes[1]);
    this.#rootLow = other.#rootLow;
    this.#rootHigh = other.#rootHigh;
    this.#size = other.#size;
    this.#reachable = other.#reachable;
  }

  /** Yields the slots and records of all members. */
  *records(): Generator<readonly [slot: number, record: MemberRecord]> {
    for (let slot = 0; slot < this.directory.slots; slot += 1) {
      const record = this.#table.get(slot);
      if (record !== undefined) yield [slot, record];
    }
  }

  #count(record: MemberRecord, sign: 1 | -1): void {
    const bucket = record.item.id % BUCKETS;
    const [low, high] = this.lanes;
    low[bucket] = (low[bucket] as number) ^ record.low;
    high[bucket] = (high[bucket] as number) ^ record.high;
    this.#rootLow = (this.#rootLow ^ record.low) >>> 0;
    this.#rootHigh = (this.#rootHigh ^ record.high) >>> 0;
    this.#size += sign;
    if (record.item.status < DEAD) this.#reachable += sign;
  }
}
