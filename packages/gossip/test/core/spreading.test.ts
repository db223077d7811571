import { seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { ANNOUNCEMENT_SEQ } from '../../src/core/announcements.ts';
import type { CoreHost, StreamProgress } from '../../src/core/core-host.ts';
import { GossipCore } from '../../src/core/gossip-core.ts';
import { RumourQueue } from '../../src/core/rumour-queue.ts';
import type { Entry } from '../../src/item/item.ts';
import { deltaItem, memberItem, valueItem } from '../../src/item/item-codec.ts';
import { createDirectory } from '../../src/member/directory.ts';
import { createTable } from '../../src/member/member-table.ts';
import { MemberView } from '../../src/member/member-view.ts';
import { SimulatedCluster } from '../../src/simulation/simulated-cluster.ts';
import { DELTA, type Message, NO_BYTES, PAGE, RUMOUR } from '../../src/wire/message.ts';
import { encodeState, encodeWant } from '../../src/wire/page-entries.ts';

const bin = (bytes: number): Uint8Array => {
  const value = Buffer.alloc(bytes, 0xc0);
  value[0] = 0xc6;
  value.writeUInt32BE(bytes - 5, 1);
  return new Uint8Array(value);
};

it('a queue that never empties does not grow by what replaces each other', () => {
  const queue = new RumourQueue();
  for (let change = 1; change <= 100_000; change += 1) {
    queue.addValue(valueItem(1, 1, `key-${change % 1000}`, { version: change, value: bin(10) }));
    if (change % 100 === 0) queue.take(1000, 3, 12);
  }
  expect(queue.size).toBe(1000);
  expect(queue.places).toBeLessThan(20_000);
});

describe('a change of a key', () => {
  it.each([
    ['of a kilobyte', 'key', 950],
    ['that just fits into a datagram, of the longest key', 'k'.repeat(128), 900],
    ['of ten kilobytes', 'key', 10_000],
    ['of a megabyte', 'key', 2 ** 20],
  ])(
    'reaches most of 100 members within a second although a tenth is lost, and all soon: %s',
    (_, key, bytes) => {
      const heard = new Set<number>();
      const cluster = new SimulatedCluster({
        nodes: 100,
        seed: 3,
        link: { loss: 0.1 },
        onEvent: (node, event) => {
          if (event.type === 'update' && event.keys.includes(key)) heard.add(node);
        },
      });
      cluster.core(0).change('before', new Uint8Array([1]), 'eager');
      cluster.core(0).change(key, bin(bytes), 'eager');
      cluster.run(1000);
      expect(heard.size).toBeGreaterThan(90);
      cluster.run(5000);
      expect(heard.size).toBe(100);
    },
  );

  it.each([60, 500, 560, 700, 860, 950])(
    'reaches most of 100 members within 600 ms beside thirty others per second: of %i bytes',
    (bytes) => {
      const heard = new Set<number>();
      const cluster = new SimulatedCluster({
        nodes: 100,
        seed: 2,
        onEvent: (node, event) => {
          if (event.type === 'update' && event.keys.includes('key')) heard.add(node);
        },
      });
      for (let change = 0; change < 120; change += 1)
        cluster.at(change * 33, () =>
          cluster.core(1 + ((change * 7) % 99)).change(`other-${change % 3}`, bin(60), 'eager'),
        );
      cluster.at(2500, () => cluster.core(0).change('key', bin(bytes), 'eager'));
      cluster.run(3100);
      expect(heard.size).toBeGreaterThan(90);
    },
  );

  it('that no rumour holds is asked for once at a time, however many tell of it', () => {
    const { core, asked, announce, pass } = listener();
    announce(1);
    expect(asked).toHaveLength(0);
    core.handle({ kind: RUMOUR, items: [OWNER, TELLER] }, { id: TELLER.id, gen: 1 }, '10.0.0.3:1');
    for (let teller = 0; teller < 10; teller += 1) announce(1);
    expect(asked).toHaveLength(1);
    announce(1, 2);
    announce(0);
    announce(2);
    expect(asked).toHaveLength(1);
    pass(300);
    announce(2);
    expect(asked).toHaveLength(2);
    core.handle(answerOf(2), { id: OWNER.id, gen: 1 }, 'x:1');
    pass(1000);
    announce(2);
    expect(asked).toHaveLength(2);
  });

  it('is not asked for again while it is on its way, however long that takes', () => {
    const { core, asked, streams, announce, pass } = listener();
    core.handle({ kind: RUMOUR, items: [OWNER, TELLER] }, { id: TELLER.id, gen: 1 }, '10.0.0.3:1');
    announce(1);
    streams[0]?.connected();
    for (let second = 0; second < 20; second += 1) {
      pass(1000);
      announce(1);
      const large = encodeWant({ id: OWNER.id, gen: 1, from: 0 });
      const delta = { kind: DELTA, seq: 1, more: 0, large, items: [] } as const;
      core.handle(delta, { id: OWNER.id, gen: 1 }, OWNER.address);
    }
    expect(asked).toHaveLength(1);
    core.handle(answerOf(1), { id: OWNER.id, gen: 1 }, 'x:1');
    streams[0]?.ended();
    expect(asked).toHaveLength(1);
  });

  it('is asked for at once, of who told of it meanwhile, when a stream ends without it', () => {
    const { core, asked, streams, announce, pass } = listener();
    core.handle({ kind: RUMOUR, items: [OWNER, TELLER] }, { id: TELLER.id, gen: 1 }, '10.0.0.3:1');
    announce(1);
    streams[0]?.connected();
    pass(1000);
    announce(2);
    expect(asked).toHaveLength(1);
    core.handle(answerOf(1), { id: OWNER.id, gen: 1 }, 'x:1');
    streams[0]?.ended();
    expect(asked).toHaveLength(2);
    streams[1]?.ended();
    expect(asked).toHaveLength(2);
    announce(2);
    expect(asked).toHaveLength(3);
  });

  it('is asked for again when it has been on its way for very long', () => {
    const { core, asked, streams, announce, pass } = listener();
    core.handle({ kind: RUMOUR, items: [OWNER, TELLER] }, { id: TELLER.id, gen: 1 }, '10.0.0.3:1');
    announce(1);
    streams[0]?.connected();
    pass(30_000);
    announce(1);
    expect(asked).toHaveLength(2);
  });

  it('is fetched from where its announcer says that it is, not from where the datagram came from', () => {
    const { core, asked, announce } = listener();
    core.handle({ kind: RUMOUR, items: [OWNER] }, { id: OWNER.id, gen: 1 }, OWNER.address);
    announce(1, 1, '10.6.6.6:6');
    expect(asked).toEqual([]);
    core.handle({ kind: RUMOUR, items: [TELLER] }, { id: TELLER.id, gen: 1 }, '10.6.6.6:6');
    announce(1, 1, '10.6.6.6:6');
    expect(asked).toEqual([TELLER.address]);
  });

  it('of very many members is asked for where the one who tells of them says that it is', () => {
    const { core, asked } = listener();
    core.handle({ kind: RUMOUR, items: [TELLER] }, { id: TELLER.id, gen: 1 }, '10.6.6.6:6');
    const ids = Array.from({ length: 201 }, (_, index) => index + 1);
    const states = ids.map((id) => encodeState({ id, gen: 1, inc: 0, status: 0, max: 0, gc: 0 }));
    const all = new Uint8Array(Buffer.concat(states));
    const page = { kind: PAGE, seq: 1, whole: NO_BYTES, states: all, items: [] } as const;
    core.handle(page, { id: TELLER.id, gen: 1 }, '10.6.6.6:6');
    expect(asked).toEqual([TELLER.address]);
  });
});

const OWNER = memberItem({ name: 'owner', gen: 1, inc: 0, status: 0, address: '10.0.0.2:1', by: 0 });
const TELLER = memberItem({ name: 'teller', gen: 1, inc: 0, status: 0, address: '10.0.0.3:1', by: 0 });

/** Returns an answer with so many changes of the owner. */
function answerOf(changes: number): Message {
  const entries = Array.from({ length: changes }, (_, index): [string, Entry] => [
    `key-${index}`,
    { version: index + 1, value: bin(10) },
  ]);
  const delta = deltaItem({ id: OWNER.id, gen: 1, from: 0, to: changes, gc: 0, entries });
  return { kind: DELTA, seq: 1, more: 0, large: NO_BYTES, items: [delta] };
}

/** A member whose streams are noted, and one who tells it what the owner changed. */
interface Listener {
  readonly core: GossipCore;
  /** Where streams went. */
  readonly asked: string[];
  /** What became of them is told here. */
  readonly streams: StreamProgress[];
  announce(max: number, gen?: number, source?: string): void;
  pass(ms: number): void;
}

function listener(): Listener {
  let nowMs = 0;
  const asked: string[] = [];
  const streams: StreamProgress[] = [];
  const host: CoreHost = {
    random: seededRandom(1),
    now: () => nowMs,
    send: () => undefined,
    sendOverStream: (address, _message, progress) => {
      asked.push(address);
      if (progress !== undefined) streams.push(progress);
    },
    emit: () => undefined,
    rearm: () => undefined,
  };
  const view = new MemberView(createDirectory(), createTable());
  const core = new GossipCore({ name: 'a', address: '10.0.0.1:1', gen: 1, host, view });
  return {
    core,
    asked,
    streams,
    announce(max, gen = 1, source = TELLER.address) {
      const states = encodeState({ id: OWNER.id, gen, inc: 0, status: 0, max, gc: 0 });
      const page = { kind: PAGE, seq: ANNOUNCEMENT_SEQ, whole: NO_BYTES, states, items: [] } as const;
      core.handle(page, { id: TELLER.id, gen: 1 }, source);
    },
    pass(ms) {
      nowMs += ms;
    },
  };
}
