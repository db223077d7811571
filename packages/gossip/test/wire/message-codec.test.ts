import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decodeItem, memberItem } from '../../src/item/item-codec.ts';
import { DEPTH_MAX, isMessagePack } from '../../src/item/message-pack.ts';
import { decodeMessage, encodeMessage, messageBytes } from '../../src/wire/message-codec.ts';
import { decodeStates, decodeWants, encodeState, encodeWant } from '../../src/wire/page-entries.ts';
import { items, messages } from './messages.ts';

describe('a message', () => {
  it('has the size that is counted for it without encoding it', () => {
    fc.assert(fc.property(messages, (message) => encodeMessage(message).length === messageBytes(message)));
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
    );
  });

  it('comes back as it was, or not at all, when bytes are cut, changed or made up', () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(255), (message, at, byte) => {
        const bytes = new Uint8Array(encodeMessage(message));
        expect(decodeMessage(bytes.subarray(0, at % bytes.length))).toBeUndefined();
        bytes[at % bytes.length] = byte;
        const decoded = decodeMessage(bytes);
        if (decoded !== undefined) expect(messageBytes(decoded)).toBe(encodeMessage(decoded).length);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1200 }), (bytes) => {
        const decoded = decodeMessage(bytes);
        if (decoded !== undefined) expect(messageBytes(decoded)).toBe(encodeMessage(decoded).length);
      }),
    );
  });

  it('keeps the items that are understood', () => {
    const item = memberItem({ name: 'a', gen: 1, inc: 0, status: 0, address: '127.0.0.1:1', by: 0 });
    const unknown = { ...item, bytes: new Packr({ useRecords: false }).pack([99, 'from a later version']) };
    const decoded = decodeMessage(encodeMessage({ kind: 5, items: [unknown, item] }));
    expect(decoded?.items).toEqual([item]);
  });
});

describe('an item', () => {
  it('is encoded once and for all', () => {
    fc.assert(
      fc.property(items, (item) => {
        expect(decodeItem(item.bytes)).toEqual(item);
      }),
    );
  });

  it.each([
    ['an array of four billion', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map of four billion', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['four billion bytes', [0xc6, 0xff, 0xff, 0xff, 0xff]],
    ['deep nesting', Array.from({ length: 1200 }, () => 0x91)],
    ['an extension', [0xc7, 1, 1, 1]],
    ['a key that is no text', [0x81, 1, 1]],
    ['nothing', []],
    ['more than one value', [1, 1]],
  ])('is not %s', (_, bytes) => {
    expect(isMessagePack(new Uint8Array(bytes))).toBe(false);
    expect(decodeItem(new Uint8Array(bytes))).toBeUndefined();
  });

  it('may be nested as deeply as values may', () => {
    const nested = (depth: number): Uint8Array =>
      new Uint8Array([...Array.from({ length: depth }, () => 0x91), 1]);
    expect(isMessagePack(nested(DEPTH_MAX))).toBe(true);
    expect(isMessagePack(nested(DEPTH_MAX + 1))).toBe(false);
  });
});

describe('lists of states and wants', () => {
  const number = fc.oneof(fc.nat(200), fc.nat(2 ** 31));
  it('come back as they were', () => {
    const state = fc.record({
      id: number,
      gen: number,
      inc: number,
      status: fc.constantFrom(0, 1, 2, 3),
      max: number,
      gc: number,
    });
    fc.assert(
      fc.property(fc.array(state), (states) => {
        const bytes = Buffer.concat(states.map((one) => encodeState(one as never)));
        expect(decodeStates(bytes)).toEqual(states);
      }),
    );
    const want = fc.record({ id: number, gen: number, from: number });
    fc.assert(
      fc.property(fc.array(want), (wants) => {
        expect(decodeWants(Buffer.concat(wants.map(encodeWant)))).toEqual(wants);
      }),
    );
  });

  it('are lists or nothing, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const list of [decodeStates(bytes), decodeWants(bytes)])
          expect(list === undefined || list.length * 8 <= bytes.length).toBe(true);
      }),
    );
  });
});
