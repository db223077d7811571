/**
 * The bytes of messages: a MessagePack array of the fields, then the items.
 *
 *     | head: MessagePack array | count 2 | length 2 or 4, item | length, item | …
 *
 * Items are encoded where they are made, so a message is put together by copying. Its size is known without putting it
 * together: that is what packets are filled by, and what a simulation counts.
 *
 * Invariants:
 * - `messageBytes(m) === encodeMessage(m).length`.
 * - Whatever the bytes, decoding does not throw: what is not a message is `undefined`, an unknown kind too.
 * - Items that are not understood are left out; the rest of the message counts.
 */
import { Packr } from 'msgpackr';
import type { Item } from '../item/item.ts';
import { decodeItem } from '../item/item-codec.ts';
import { GEN_MAX, isAddress } from '../item/limits.ts';
import { skipValue } from '../item/message-pack.ts';
import {
  ACK,
  BUCKETS_ARE,
  DELTA,
  JOIN,
  type Message,
  NACK,
  NO_BYTES,
  PAGE,
  PING,
  PING_REQUEST,
  RUMOUR,
  SAME,
  SYNC,
  WANT,
} from './message.ts';

/** What an item costs beside its own bytes. */
export const ITEM_OVERHEAD_BYTES = 4;

const COUNT_BYTES = 2;
const UINT32_MAX = 0xffff_ffff;
const BUCKET_BYTES = 1024;

const packr = new Packr({ useRecords: false, variableMapSize: true, int64AsType: 'number' });

/** Returns how many bytes a message takes, without the packet around it. */
export function messageBytes(message: Message): number {
  let bytes = headBytes(message) + COUNT_BYTES;
  for (const item of message.items) bytes += ITEM_OVERHEAD_BYTES + item.bytes.length;
  return bytes;
}

/** Returns the bytes of a message, owned by the caller. */
export function encodeMessage(message: Message): Uint8Array {
  const head = packr.pack(fieldsOf(message));
  const bytes = Buffer.allocUnsafe(messageBytes(message));
  bytes.set(head, 0);
  let at = bytes.writeUInt16BE(message.items.length, head.length);
  for (const item of message.items) {
    at = bytes.writeUInt32BE(item.bytes.length, at);
    bytes.set(item.bytes, at);
    at += item.bytes.length;
  }
  return bytes;
}

/** Returns the message that `bytes` hold; `undefined` if they hold none. Nothing in it is a view of `bytes`. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const end = skipValue(bytes, 0, 0);
  if (end < 0 || end + COUNT_BYTES > bytes.length) return undefined;
  const fields: unknown = packr.unpack(bytes.subarray(0, end));
  if (!Array.isArray(fields)) return undefined;
  const items = decodeItems(bytes, end);
  return items === undefined ? undefined : messageOf(fields, items);
}

function decodeItems(bytes: Uint8Array, start: number): Item[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint16(start);
  if (count * ITEM_OVERHEAD_BYTES > bytes.length) return undefined;
  const items: Item[] = [];
  let at = start + COUNT_BYTES;
  for (let index = 0; index < count; index += 1) {
    if (at + ITEM_OVERHEAD_BYTES > bytes.length) return undefined;
    const end = at + ITEM_OVERHEAD_BYTES + view.getUint32(at);
    if (end > bytes.length) return undefined;
    const item = decodeItem(bytes.subarray(at + ITEM_OVERHEAD_BYTES, end));
    if (item !== undefined) items.push(item);
    at = end;
  }
  return at === bytes.length ? items : undefined;
}

function fieldsOf(message: Message): unknown[] {
  switch (message.kind) {
    case PING:
      return [PING, message.seq, message.target, message.gen];
    case PING_REQUEST:
      return [PING_REQUEST, message.seq, message.target, message.gen, message.address];
    case ACK:
    case NACK:
    case SAME:
    case JOIN:
      return [message.kind, message.seq];
    case RUMOUR:
      return [RUMOUR];
    case SYNC:
      return [SYNC, message.seq, message.lane, message.rootLow, message.rootHigh, message.buckets];
    case BUCKETS_ARE:
      return [BUCKETS_ARE, message.seq, message.lane, message.buckets];
    case PAGE:
      return [PAGE, message.seq, message.whole, message.states];
    case WANT:
      return [WANT, message.seq, message.wants];
    case DELTA:
      return [DELTA, message.seq, message.more, message.large];
  }
}

/** The array and its kind take a byte each. */
function headBytes(message: Message): number {
  switch (message.kind) {
    case PING:
      return 2 + uintBytes(message.seq) + uintBytes(message.target) + uintBytes(message.gen);
    case PING_REQUEST: {
      const { seq, target, gen, address } = message;
      return 2 + uintBytes(seq) + uintBytes(target) + uintBytes(gen) + textBytes(address);
    }
    case ACK:
    case NACK:
    case SAME:
    case JOIN:
      return 2 + uintBytes(message.seq);
    case RUMOUR:
      return 2;
    case SYNC: {
      const { seq, lane, rootLow, rootHigh, buckets } = message;
      return (
        2 + uintBytes(seq) + uintBytes(lane) + uintBytes(rootLow) + uintBytes(rootHigh) + binaryBytes(buckets)
      );
    }
    case BUCKETS_ARE:
      return 2 + uintBytes(message.seq) + uintBytes(message.lane) + binaryBytes(message.buckets);
    case PAGE:
      return 2 + uintBytes(message.seq) + binaryBytes(message.whole) + binaryBytes(message.states);
    case WANT:
      return 2 + uintBytes(message.seq) + binaryBytes(message.wants);
    case DELTA:
      return 2 + uintBytes(message.seq) + uintBytes(message.more) + binaryBytes(message.large);
  }
}

function messageOf(fields: readonly unknown[], items: readonly Item[]): Message | undefined {
  const [kind, seq] = fields;
  if (kind === RUMOUR) return { kind, items };
  if (!isUint(seq, UINT32_MAX)) return undefined;
  const [, , third, fourth, fifth, sixth] = fields;
  switch (kind) {
    case ACK:
    case NACK:
    case SAME:
    case JOIN:
      return { kind, seq, items };
    case PING:
      if (!isUint(third, GEN_MAX) || !isUint(fourth, GEN_MAX)) return undefined;
      return { kind, seq, target: third, gen: fourth, items };
    case PING_REQUEST:
      if (!isUint(third, GEN_MAX) || !isUint(fourth, GEN_MAX) || !isAddress(fifth)) return undefined;
      return { kind, seq, target: third, gen: fourth, address: fifth, items };
    case SYNC: {
      if (!isUint(third, 1) || !isUint(fourth, UINT32_MAX) || !isUint(fifth, UINT32_MAX)) return undefined;
      const buckets = bytesOf(sixth);
      if (buckets === undefined || (buckets.length !== 0 && buckets.length !== BUCKET_BYTES))
        return undefined;
      return { kind, seq, lane: third, rootLow: fourth, rootHigh: fifth, buckets, items };
    }
    case BUCKETS_ARE: {
      const buckets = bytesOf(fourth);
      if (!isUint(third, 1) || buckets?.length !== BUCKET_BYTES) return undefined;
      return { kind, seq, lane: third, buckets, items };
    }
    case PAGE: {
      const whole = bytesOf(third);
      const states = bytesOf(fourth);
      return whole && states && { kind, seq, whole, states, items };
    }
    case WANT: {
      const wants = bytesOf(third);
      return wants && { kind, seq, wants, items };
    }
    case DELTA: {
      const large = bytesOf(fourth);
      if (!isUint(third, 1) || large === undefined) return undefined;
      return { kind, seq, more: third, large, items };
    }
    default:
      return undefined;
  }
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  return value.length === 0 ? NO_BYTES : new Uint8Array(value);
}

function isUint(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

function uintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x100) return 2;
  if (value < 0x1_0000) return 3;
  return value <= UINT32_MAX ? 5 : 9;
}

function textBytes(text: string): number {
  const bytes = Buffer.byteLength(text);
  return bytes + (bytes < 0x20 ? 1 : 2);
}

function binaryBytes({ length }: Uint8Array): number {
  return length + (length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5);
}
