import { describe, expect, it } from 'vitest';
import { deltaSince, lackingOf } from '../../src/core/delta-items.ts';
import type { Entry, Item } from '../../src/item/item.ts';
import { deltaItem, memberItem } from '../../src/item/item-codec.ts';
import { ANSWER_BYTES_MAX, ANSWERS_BYTES_MAX } from '../../src/item/limits.ts';
import { type KeyValues, NO_KEY_VALUES, withDelta, withoutTombstones } from '../../src/kv/key-values.ts';
import { type MemberRecord, recordFactory } from '../../src/member/member-record.ts';
import { ALIVE } from '../../src/member/status.ts';
import { SimulatedCluster } from '../../src/simulation/simulated-cluster.ts';
import { JOIN, type Message, WANT } from '../../src/wire/message.ts';
import { messageBytes } from '../../src/wire/message-codec.ts';
import { encodeWant } from '../../src/wire/page-entries.ts';

const bin = (bytes: number): Uint8Array => {
  const value = Buffer.alloc(bytes, 0xc0);
  value[0] = 0xc6;
  value.writeUInt32BE(bytes - 5, 1);
  return new Uint8Array(value);
};

function recordWith(name: string, kv: KeyValues): MemberRecord {
  const item = memberItem({ name, gen: 1, inc: 0, status: ALIVE, address: '10.0.0.1:1', by: 0 });
  return recordFactory.withKeyValues(recordFactory.withItem(undefined, item), kv);
}

function keys(count: number, bytes: number, keyBytes = 8): Map<string, Entry> {
  const value = bin(bytes);
  return new Map(
    Array.from({ length: count }, (_, index) => [
      `${index}`.padStart(keyBytes, 'k'),
      { version: index + 1, value },
    ]),
  );
}

const deltaOf = (items: readonly Item[]): Item | undefined => items.find(({ kind }) => kind === 'delta');

describe('who is behind forgotten tombstones', () => {
  const entries = keys(50, 100);
  entries.set('gone', { version: 51, value: undefined });
  const owner = recordWith('owner', withoutTombstones({ max: 51, gc: 0, entries }, 51));

  it('is given all keys over a stream if a datagram does not hold them, and none of them otherwise', () => {
    expect(lackingOf(owner, true, 0)).toEqual({ items: [owner.item], hasLarge: true });
    const whole = deltaSince(owner, 0, Number.POSITIVE_INFINITY);
    expect(whole && withDelta(NO_KEY_VALUES, whole)).toMatchObject({ max: 51, gc: 51 });
  });

  it('is given all keys in a datagram that holds them', () => {
    const few = recordWith('few', { max: 9, gc: 9, entries: keys(2, 10) });
    const { items, hasLarge } = lackingOf(few, false, 4);
    expect(deltaOf(items)).toMatchObject({ from: 0, to: 9, gc: 9 });
    expect(hasLarge).toBe(false);
  });

  it('is given what is too large for datagrams over a stream, also if it lies behind small changes', () => {
    const entries = keys(30, 50);
    entries.set('large', { version: 31, value: bin(5000) });
    const { items, hasLarge } = lackingOf(recordWith('both', { max: 31, gc: 0, entries }), false, 0);
    expect(deltaOf(items)).toMatchObject({ from: 0 });
    expect(hasLarge).toBe(true);
  });

  it('takes no part of a new beginning', () => {
    const part = deltaItem({ id: 1, gen: 1, from: 0, to: 4, gc: 51, entries: [...keys(4, 10)] });
    expect(withDelta(NO_KEY_VALUES, part)).toBe(NO_KEY_VALUES);
  });
});

describe('the limits of a member', () => {
  it('are counted without the tombstones that go with the same change', () => {
    const entries = keys(1023, 6);
    entries.set('gone', { version: 1024, value: undefined });
    const seen: KeyValues = { max: 1024, gc: 0, entries };
    const kept = new Map(withoutTombstones(seen, 1024).entries);
    kept.set('new', { version: 1025, value: bin(6) });
    const delta = deltaSince(recordWith('owner', { max: 1025, gc: 1024, entries: kept }), 1024, 1000);
    expect(delta && withDelta(seen, delta)).toMatchObject({ max: 1025, gc: 1024 });
  });

  it('leave room for old values beside new ones while somebody catches up', () => {
    const large = bin(2 ** 20);
    const seen: KeyValues = {
      max: 4,
      gc: 0,
      entries: new Map([1, 2, 3, 4].map((version) => [`old-${version}`, { version, value: large }])),
    };
    const change = deltaItem({
      id: 1,
      gen: 1,
      from: 4,
      to: 5,
      gc: 0,
      entries: [['new', { version: 5, value: bin(900) }]],
    });
    expect(withDelta(seen, change).max).toBe(5);
  });
});

describe('answers over a stream', () => {
  const full: KeyValues = { max: 1024, gc: 0, entries: keys(1024, 4096, 128) };
  const ask = (message: Message, records: readonly MemberRecord[]): Message[] => {
    const cluster = new SimulatedCluster({ nodes: 1, seed: 1, isAcquainted: false });
    const core = cluster.core(0);
    for (const record of records)
      core.view.set(core.view.directory.intern(record.item.name, record.item.id) as number, record);
    const answers: Message[] = [];
    core.handle(message, { id: 1, gen: 1 }, { answer: (messages) => answers.push(...messages) });
    return answers;
  };

  it('hold a member with as many and as long keys as it may have', () => {
    const answers = ask({ kind: JOIN, seq: 1, items: [] }, [recordWith('full', full)]);
    expect(Math.max(...answers.map(messageBytes))).toBeLessThan(ANSWER_BYTES_MAX - 56);
    expect(answers.flatMap(({ items }) => items).some(({ kind }) => kind === 'delta')).toBe(true);
  });

  it('name all members, and end before they are more than the asker takes', () => {
    const many = Array.from({ length: 66 }, (_, index) => recordWith(`full-${index}`, full));
    const answers = ask({ kind: JOIN, seq: 1, items: [] }, many);
    const bytes = answers.reduce((sum, message) => sum + messageBytes(message) + 60, 0);
    expect(bytes).toBeLessThan(ANSWERS_BYTES_MAX);
    expect(answers.flatMap(({ items }) => items).filter(({ kind }) => kind === 'member')).toHaveLength(67);
    expect(answers.at(-1)).toMatchObject({ more: 0 });
  });

  it('are made when they are read', () => {
    let reads = 0;
    const watched: KeyValues = {
      ...full,
      get entries() {
        reads += 1;
        return full.entries;
      },
    };
    const records = [recordWith('one', watched), recordWith('two', watched), recordWith('three', watched)];
    const cluster = new SimulatedCluster({ nodes: 1, seed: 1, isAcquainted: false });
    const core = cluster.core(0);
    for (const record of records)
      core.view.set(core.view.directory.intern(record.item.name, record.item.id) as number, record);
    const wants = new Uint8Array(
      records.flatMap(({ item }) => [...encodeWant({ id: item.id, gen: 1, from: 0 })]),
    );
    for (const message of [
      { kind: JOIN, seq: 1, items: [] } as const,
      { kind: WANT, seq: 1, wants, items: [] } as const,
    ]) {
      reads = 0;
      const answers: Iterator<Message>[] = [];
      const answer = (messages: Iterable<Message>): number => answers.push(messages[Symbol.iterator]());
      core.handle(message, { id: 1, gen: 1 }, { answer });
      expect(reads).toBe(0);
      answers[0]?.next();
      expect(reads).toBeLessThan(3);
    }
  });

  it('have each member once that is asked for', () => {
    const { item, kv } = recordWith('full', full);
    const want = [...encodeWant({ id: item.id, gen: 1, from: 0 })];
    const wants = new Uint8Array(Array.from({ length: 100 }, () => want).flat());
    const answers = ask({ kind: WANT, seq: 1, wants, items: [] }, [recordWith('full', kv)]);
    expect(answers.flatMap(({ items }) => items)).toHaveLength(2);
  });
});
