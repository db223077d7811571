import { seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { ANNOUNCEMENT_SEQ } from '../../src/core/announcements.ts';
import type { CoreHost } from '../../src/core/core-host.ts';
import { GossipCore } from '../../src/core/gossip-core.ts';
import { RumourQueue } from '../../src/core/rumour-queue.ts';
import { deltaItem, memberItem, valueItem } from '../../src/item/item-codec.ts';
import { createDirectory } from '../../src/member/directory.ts';
import { createTable } from '../../src/member/member-table.ts';
import { MemberView } from '../../src/member/member-view.ts';
import { SimulatedCluster } from '../../src/simulation/simulated-cluster.ts';
import { DELTA, NO_BYTES, PAGE, RUMOUR } from '../../src/wire/message.ts';
import { encodeState } from '../../src/wire/page-entries.ts';

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

  it('that no rumour holds is asked for once at a time, however many tell of it', () => {
    let nowMs = 0;
    let asked = 0;
    const host: CoreHost = {
      random: seededRandom(1),
      now: () => nowMs,
      send: () => undefined,
      sendOverStream: () => {
        asked += 1;
      },
      emit: () => undefined,
      rearm: () => undefined,
    };
    const view = new MemberView(createDirectory(), createTable());
    const core = new GossipCore({ name: 'a', address: '10.0.0.1:1', gen: 1, host, view });
    const owner = memberItem({ name: 'owner', gen: 1, inc: 0, status: 0, address: '10.0.0.2:1', by: 0 });
    const announce = (max: number, gen = 1): void => {
      const states = encodeState({ id: owner.id, gen, inc: 0, status: 0, max, gc: 0 });
      const page = { kind: PAGE, seq: ANNOUNCEMENT_SEQ, whole: NO_BYTES, states, items: [] } as const;
      core.handle(page, { id: 7, gen: 1 }, '10.0.0.7:1');
    };
    announce(1);
    expect(asked).toBe(0);
    core.handle({ kind: RUMOUR, items: [owner] }, { id: 7, gen: 1 }, '10.0.0.7:1');
    for (let teller = 0; teller < 10; teller += 1) announce(1);
    expect(asked).toBe(1);
    announce(1, 2);
    announce(0);
    expect(asked).toBe(1);
    announce(2);
    expect(asked).toBe(2);
    nowMs = 300;
    announce(2);
    expect(asked).toBe(3);
    const entries = [
      ['one', { version: 1, value: bin(10) }],
      ['two', { version: 2, value: bin(10) }],
    ] as const;
    const delta = deltaItem({ id: owner.id, gen: 1, from: 0, to: 2, gc: 0, entries });
    core.handle({ kind: DELTA, seq: 1, more: 0, large: NO_BYTES, items: [delta] }, { id: 7, gen: 1 }, 'x:1');
    nowMs = 1000;
    announce(2);
    expect(asked).toBe(3);
  });
});
