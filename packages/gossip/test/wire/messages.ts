/** Arbitrary items and messages, of all kinds and sizes. */
import fc from 'fast-check';
import type { Entry, Item } from '../../src/item/item.ts';
import { deltaItem, memberItem, valueItem } from '../../src/item/item-codec.ts';
import type { Status } from '../../src/member/status.ts';
import {
  ACK,
  BUCKETS_ARE,
  DELTA,
  JOIN,
  type Message,
  NACK,
  PAGE,
  PING,
  PING_REQUEST,
  RUMOUR,
  SAME,
  SYNC,
  WANT,
} from '../../src/wire/message.ts';

const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const uint48 = fc.oneof(
  fc.nat(300),
  uint32,
  fc.maxSafeInteger().map((value) => Math.abs(value) % 2 ** 48),
);
const text = (bytes: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: bytes })
    .filter((value) => value.isWellFormed() && Buffer.byteLength(value) <= bytes);
const address = fc
  .tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }))
  .map(([host, port]) => `${host}:${port}`);
/** MessagePack of byte strings. */
const value = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => new Uint8Array([0xc4, bytes.length, ...bytes]));
const entry: fc.Arbitrary<Entry> = fc
  .tuple(
    uint48.map((version) => Math.max(1, version)),
    fc.option(value, { nil: undefined }),
  )
  .map(([version, bytes]) => ({ version, value: bytes }));

const member = fc
  .record({
    name: text(64),
    gen: uint48,
    inc: uint32,
    status: fc.constantFrom<Status>(0, 1, 2, 3),
    address,
    by: uint48,
  })
  .map(memberItem);
const oneValue = fc
  .tuple(uint48, uint48, text(128), entry)
  .map(([id, gen, key, one]) => valueItem(id, gen, key, one));
const delta = fc
  .record({
    id: uint48,
    gen: uint48,
    from: uint32,
    gc: uint48,
    changes: fc.array(fc.tuple(text(20), fc.option(value, { nil: undefined })), { maxLength: 8 }),
  })
  .map(({ id, gen, from, gc, changes }) =>
    deltaItem({
      id,
      gen,
      from,
      gc,
      to: from + changes.length,
      entries: changes.map(
        ([key, bytes], index) => [key, { version: from + index + 1, value: bytes }] as const,
      ),
    }),
  );

/** Items. */
export const items: fc.Arbitrary<Item> = fc.oneof(member, oneValue, delta);

const some = fc.array(items, { maxLength: 5 });
const bytes = fc.uint8Array({ maxLength: 300 });
const buckets = fc.uint8Array({ minLength: 1024, maxLength: 1024 });
const lane = fc.nat(1);
const kinds = <Kind extends number>(...kind: Kind[]): fc.Arbitrary<Kind> => fc.constantFrom(...kind);

/** Messages. */
export const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: kinds(ACK, NACK, SAME, JOIN), seq: uint32, items: some }),
  fc.record({ kind: kinds(RUMOUR), items: some }),
  fc.record({ kind: kinds(PING), seq: uint32, target: uint48, gen: uint48, items: some }),
  fc.record({ kind: kinds(PING_REQUEST), seq: uint32, target: uint48, gen: uint48, address, items: some }),
  fc.record({
    kind: kinds(SYNC),
    seq: uint32,
    lane,
    rootLow: uint32,
    rootHigh: uint32,
    buckets: fc.oneof(buckets, fc.constant(new Uint8Array(0))),
    items: some,
  }),
  fc.record({ kind: kinds(BUCKETS_ARE), seq: uint32, lane, buckets, items: some }),
  fc.record({ kind: kinds(PAGE), seq: uint32, whole: bytes, states: bytes, items: some }),
  fc.record({ kind: kinds(WANT), seq: uint32, wants: bytes, items: some }),
  fc.record({ kind: kinds(DELTA), seq: uint32, more: fc.nat(1), large: bytes, items: some }),
) as fc.Arbitrary<Message>;
