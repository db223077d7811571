/** Values of users: MessagePack, made and read at the edge; in between they are bytes. */
import { ClorthoError } from '@clortho/base';
import { Packr } from 'msgpackr';
import { DEPTH_MAX, isMessagePack } from './item/message-pack.ts';

/** What a value may be. Byte strings come back as copies. */
export type GossipValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly GossipValue[]
  | { readonly [key: string]: GossipValue };

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

/**
 * Returns the bytes of a value, owned by the caller.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is none: a date, a bigint, half a character, nested too deeply.
 */
export function encodeValue(value: GossipValue): Uint8Array {
  if (!isPlain(value, 0))
    throw new ClorthoError('CLORTHO_INVALID', `a value has parts that do not travel: type=${typeof value}`);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(packr.pack(value));
  } catch (cause) {
    throw new ClorthoError('CLORTHO_INVALID', 'a value cannot be encoded', { cause });
  }
  if (!isMessagePack(bytes))
    throw new ClorthoError('CLORTHO_INVALID', `a value has parts that do not travel: type=${typeof value}`);
  return bytes;
}

/** Returns a new value from bytes that {@link encodeValue} made, or that were checked on arrival. */
export function decodeValue(bytes: Uint8Array): GossipValue {
  // The unpacker leaves a property behind on the array that it is given.
  return owned(packr.unpack(bytes.subarray()) as GossipValue);
}

/** Byte strings of the decoder are views of the stored bytes. */
function owned(value: GossipValue): GossipValue {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map((one: GossipValue) => owned(one));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, owned(one)]));
}

/** Tells whether a value comes back as what it is; one that is nested too deeply does not. */
function isPlain(value: unknown, depth: number): boolean {
  if (depth > DEPTH_MAX) return false;
  if (value === null || value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every((one) => isPlain(one, depth + 1));
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object') return typeof value === 'boolean' || typeof value === 'number';
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return false;
  return Object.entries(value).every(([key, one]) => isPlainKey(key) && isPlain(one, depth + 1));
}

/** The decoder gives another name to what would set a prototype. */
function isPlainKey(key: string): boolean {
  return key.isWellFormed() && key !== '__proto__';
}
