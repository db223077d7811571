/**
 * The packed lists of PAGE and WANT: ids of fixed size, everything else as varints.
 *
 *     state   | id 6 | gen | inc | status | max | gc |
 *     want    | id 6 | gen | from |
 *
 * Invariants:
 * - Whatever the bytes, reading does not throw: a list that is not one is `undefined`.
 */
import { type Cursor, decodeVarint, encodeVarint, isClorthoError, VARINT_BYTES_MAX } from '@clortho/base';
import { MEMBER_ID_BYTES } from '../member/member-id.ts';
import type { MemberRecord } from '../member/member-record.ts';
import type { Status } from '../member/status.ts';

/** What a page says of a member. */
export interface MemberState {
  readonly id: number;
  readonly gen: number;
  readonly inc: number;
  readonly status: Status;
  readonly max: number;
  readonly gc: number;
}

/** What somebody lacks of a member: its keys after version `from` of the generation `gen`. */
export interface MemberWant {
  readonly id: number;
  readonly gen: number;
  readonly from: number;
}

/** The most bytes of one state. */
export const STATE_BYTES_MAX: number = MEMBER_ID_BYTES + 5 * VARINT_BYTES_MAX;

/** Returns what a page says of a record. */
export function stateOf({ item, kv }: MemberRecord): MemberState {
  return { id: item.id, gen: item.gen, inc: item.inc, status: item.status, max: kv.max, gc: kv.gc };
}

/** Returns the bytes of one state, owned by the caller. */
export function encodeState({ id, gen, inc, status, max, gc }: MemberState): Uint8Array {
  return encodeEntry(id, [gen, inc, status, max, gc]);
}

/** Returns the bytes of one want, owned by the caller. */
export function encodeWant({ id, gen, from }: MemberWant): Uint8Array {
  return encodeEntry(id, [gen, from]);
}

/** Returns the states of a page; `undefined` if the bytes are not a list of them. */
export function decodeStates(bytes: Uint8Array): MemberState[] | undefined {
  return decodeEntries(bytes, 5, (id, [gen = 0, inc = 0, status = 0, max = 0, gc = 0]) =>
    status <= 3 ? { id, gen, inc, status: status as Status, max, gc } : undefined,
  );
}

/** Returns the wants of a list; `undefined` if the bytes are not a list of them. */
export function decodeWants(bytes: Uint8Array): MemberWant[] | undefined {
  return decodeEntries(bytes, 2, (id, [gen = 0, from = 0]) => ({ id, gen, from }));
}

function encodeEntry(id: number, fields: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(MEMBER_ID_BYTES + fields.length * VARINT_BYTES_MAX);
  const target: Cursor = { bytes, offset: bytes.writeUIntBE(id, 0, MEMBER_ID_BYTES) };
  for (const field of fields) encodeVarint(target, field);
  return new Uint8Array(bytes.subarray(0, target.offset));
}

function decodeEntries<T>(
  bytes: Uint8Array,
  count: number,
  entryOf: (id: number, fields: readonly number[]) => T | undefined,
): T[] | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const source: Cursor = { bytes, offset: 0 };
  const entries: T[] = [];
  try {
    while (source.offset < bytes.length) {
      if (source.offset + MEMBER_ID_BYTES > bytes.length) return undefined;
      const id = view.readUIntBE(source.offset, MEMBER_ID_BYTES);
      source.offset += MEMBER_ID_BYTES;
      const fields: number[] = [];
      for (let index = 0; index < count; index += 1) fields.push(decodeVarint(source));
      const entry = entryOf(id, fields);
      if (entry === undefined) return undefined;
      entries.push(entry);
    }
  } catch (error) {
    if (isClorthoError(error, 'CLORTHO_CORRUPT')) return undefined;
    throw error;
  }
  return entries;
}
