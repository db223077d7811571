/**
 * The bytes of items: MessagePack arrays with fixed fields. FORMAT.md lists them.
 *
 * Invariants:
 * - Whatever the bytes, decoding does not throw: what is not an item is `undefined`.
 * - Decoded strings and numbers are within the limits below; a decoded value is one well-formed MessagePack value.
 */
import { Packr } from 'msgpackr';
import { memberId } from '../member/member-id.ts';
import type { Status } from '../member/status.ts';
import type { DeltaItem, Entry, Item, KeyedEntry, MemberItem, ValueItem } from './item.ts';
import { GEN_MAX, INC_MAX, isAddress, isKey, isName, VALUE_BYTES_MAX, VERSION_MAX } from './limits.ts';
import { isMessagePack } from './message-pack.ts';

const MEMBER = 1;
const VALUE = 2;
const DELTA = 3;

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

/** Returns a member item. */
export function memberItem(fields: Omit<MemberItem, 'kind' | 'bytes' | 'id'>): MemberItem {
  const { name, gen, inc, status, address, by } = fields;
  const bytes = pack([MEMBER, name, gen, inc, status, address, by]);
  return { kind: 'member', id: memberId(name), name, gen, inc, status, address, by, bytes };
}

/** Returns a value item. */
export function valueItem(id: number, gen: number, key: string, entry: Entry): ValueItem {
  const bytes = pack([VALUE, id, gen, key, entry.version, entry.value ?? null]);
  return { kind: 'value', id, gen, key, entry, bytes };
}

/** Returns a delta item. */
export function deltaItem(fields: Omit<DeltaItem, 'kind' | 'bytes'>): DeltaItem {
  const { id, gen, from, to, gc, entries } = fields;
  const flat = entries.flatMap(([key, { version, value }]) => [key, version, value ?? null]);
  const bytes = pack([DELTA, id, gen, from, to, gc, flat]);
  return { kind: 'delta', id, gen, from, to, gc, entries, bytes };
}

/** Returns the item that `bytes` hold, with copies of all bytes; `undefined` if they hold none. */
export function decodeItem(bytes: Uint8Array): Item | undefined {
  if (!isMessagePack(bytes)) return undefined;
  // The unpacker leaves a property behind on the array that it is given.
  const fields: unknown = packr.unpack(bytes.subarray());
  if (!Array.isArray(fields)) return undefined;
  if (fields[0] === MEMBER && fields.length === 7) return decodeMember(fields);
  if (fields[0] === VALUE && fields.length === 6) return decodeValue(fields);
  if (fields[0] === DELTA && fields.length === 7) return decodeDelta(fields);
  return undefined;
}

function decodeMember([, name, gen, inc, status, address, by]: unknown[]): MemberItem | undefined {
  const isMember =
    isName(name) &&
    isCount(gen, GEN_MAX) &&
    isCount(inc, INC_MAX) &&
    isCount(status, 3) &&
    isAddress(address) &&
    isCount(by, GEN_MAX);
  return isMember ? memberItem({ name, gen, inc, status: status as Status, address, by }) : undefined;
}

function decodeValue([, id, gen, key, version, value]: unknown[]): ValueItem | undefined {
  const entry = decodeEntry(version, value);
  if (entry === undefined || !isCount(id, GEN_MAX) || !isCount(gen, GEN_MAX) || !isKey(key)) return undefined;
  return valueItem(id, gen, key, entry);
}

function decodeDelta([, id, gen, from, to, gc, flat]: unknown[]): DeltaItem | undefined {
  if (!isCount(id, GEN_MAX) || !isCount(gen, GEN_MAX) || !isCount(from, VERSION_MAX)) return undefined;
  if (!isCount(to, VERSION_MAX) || !isCount(gc, VERSION_MAX) || from > to) return undefined;
  if (!Array.isArray(flat) || flat.length % 3 !== 0) return undefined;
  const entries: KeyedEntry[] = [];
  let last = from;
  for (let at = 0; at < flat.length; at += 3) {
    const key: unknown = flat[at];
    const entry = decodeEntry(flat[at + 1], flat[at + 2]);
    if (entry === undefined || !isKey(key) || entry.version <= last || entry.version > to) return undefined;
    last = entry.version;
    entries.push([key, entry]);
  }
  return deltaItem({ id, gen, from, to, gc, entries });
}

function decodeEntry(version: unknown, value: unknown): Entry | undefined {
  if (!isCount(version, VERSION_MAX) || version === 0) return undefined;
  if (value === null) return { version, value: undefined };
  if (!(value instanceof Uint8Array) || value.length > VALUE_BYTES_MAX || !isMessagePack(value))
    return undefined;
  return { version, value: new Uint8Array(value) };
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
}

/** The packer cuts from a large buffer: what is kept for long has memory of its own. */
function pack(fields: readonly unknown[]): Uint8Array {
  return new Uint8Array(packr.pack(fields));
}
