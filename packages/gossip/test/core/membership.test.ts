import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../src/core/byte-budget.ts';
import type { Item, MemberItem } from '../../src/item/item.ts';
import { memberItem, valueItem } from '../../src/item/item-codec.ts';
import { memberId } from '../../src/member/member-id.ts';
import { recordFactory } from '../../src/member/member-record.ts';
import type { Status } from '../../src/member/status.ts';
import { SimulatedCluster } from '../../src/simulation/simulated-cluster.ts';
import { DELTA, type Message, NO_BYTES, RUMOUR, SYNC, WANT } from '../../src/wire/message.ts';
import { encodeWant } from '../../src/wire/page-entries.ts';

const NAMES = ['node-00000', 'node-00001', 'node-00002', 'node-00003', 'node-00004'];
const YEAR_MS = 366 * 86_400_000;

function tell(cluster: SimulatedCluster, ...items: Item[]): void {
  const { self } = cluster.core(1);
  cluster.core(0).handle({ kind: RUMOUR, items }, { id: self.id, gen: self.gen }, self.address);
}

function about(cluster: SimulatedCluster, node: number, changes: Partial<MemberItem>): MemberItem {
  const { name, address, gen, inc, status, by } = cluster.core(node).self;
  return memberItem({ name, address, gen, inc, status, by, ...changes });
}

const known = (cluster: SimulatedCluster, node: number): MemberItem | undefined =>
  cluster.core(0).view.of(memberId(NAMES[node] as string))?.item;

describe('a member that is accused', () => {
  it.each([1, 2, 3] as const)('objects, whatever it is said to be: %i', (status: Status) => {
    const cluster = new SimulatedCluster({ nodes: 3, seed: 1 });
    tell(cluster, about(cluster, 0, { status, inc: 7, by: cluster.core(1).self.id }));
    expect(cluster.core(0).self).toMatchObject({ status: 0, inc: 8 });
    cluster.run(1000);
    expect(cluster.core(2).view.of(memberId('node-00000'))?.item).toMatchObject({ status: 0, inc: 8 });
  });

  it('takes a new generation when nobody could object any more, and keeps its keys', () => {
    const cluster = new SimulatedCluster({ nodes: 3, seed: 1 });
    cluster.core(0).change('key', new Uint8Array([1]), 'eager');
    tell(cluster, about(cluster, 0, { status: 1, inc: 2 ** 32 - 1, by: 1 }));
    expect(cluster.core(0).self).toMatchObject({ gen: 2, inc: 0, status: 0 });
    cluster.run(10_000);
    for (const node of [0, 1, 2]) {
      const { item, kv } = cluster.core(node).view.of(memberId('node-00000')) ?? {};
      expect(item).toMatchObject({ gen: 2, status: 0 });
      expect(kv?.entries.get('key')?.value).toEqual(new Uint8Array([1]));
    }
  });
});

it('a member that is said to have objected absurdly often takes a new generation, and is not shut out', () => {
  const cluster = new SimulatedCluster({ nodes: 3, seed: 1, tuning: { suspicionMs: 500 } });
  tell(cluster, about(cluster, 0, { status: 1, inc: 3_000_000_000, by: cluster.core(1).self.id }));
  expect(cluster.core(0).self).toMatchObject({ gen: 2, inc: 0, status: 0 });
  cluster.run(2000);
  cluster.block((from, to) => from === 0 || to === 0);
  cluster.run(20_000);
  cluster.block(undefined);
  cluster.run(60_000);
  for (const node of [1, 2]) {
    expect(cluster.core(node).view.of(memberId('node-00000'))?.item).toMatchObject({ gen: 2, status: 0 });
    expect(cluster.core(node).counters.itemsAbsurd).toBe(0);
  }
});

it('who hears again and again that a suspect is dead does not wait for ever', () => {
  const cluster = new SimulatedCluster({ nodes: 5, seed: 1, tuning: { suspicionMs: 1000 } });
  cluster.block((from, to) => from === 0 || to === 0);
  const dead = about(cluster, 4, { status: 2, by: cluster.core(1).self.id });
  const { self } = cluster.core(1);
  const sender = { id: self.id, gen: self.gen };
  const message = { kind: DELTA, seq: 1, more: 0, large: NO_BYTES, items: [dead] } as const;
  for (let ms = 500; ms <= 9000; ms += 500) {
    cluster.run(ms);
    cluster.core(0).handle(message, sender, self.address);
  }
  expect(known(cluster, 4)?.status).toBe(2);
});

describe('facts that cannot be', () => {
  it.each([
    ['a generation years ahead', { gen: 2 * YEAR_MS }],
    ['an incarnation that leaps', { inc: 200_000 }],
  ])('are refused and counted: %s', (_, changes) => {
    const cluster = new SimulatedCluster({ nodes: 3, seed: 1 });
    tell(cluster, about(cluster, 2, { ...changes, status: 2 }));
    expect(known(cluster, 2)).toMatchObject({ gen: 1, inc: 0, status: 0 });
    expect(cluster.core(0).counters.itemsAbsurd).toBe(1);
  });

  it('do not stop a member by a generation of its own name that is years ahead', () => {
    const cluster = new SimulatedCluster({ nodes: 3, seed: 1 });
    tell(cluster, about(cluster, 0, { gen: 2 * YEAR_MS }));
    expect(cluster.core(0).membership.isStopped).toBe(false);
  });
});

describe('a stranger', () => {
  it('that is accused is remembered, so that older praise does not bring it in', () => {
    const cluster = new SimulatedCluster({ nodes: 3, seed: 1, isAcquainted: false });
    const dead = about(cluster, 2, { status: 2 });
    tell(cluster, dead, about(cluster, 2, {}));
    expect(known(cluster, 2)).toMatchObject({ status: 2 });
  });

  it('has no say over the keys of this member', () => {
    const cluster = new SimulatedCluster({ nodes: 3, seed: 1 });
    const { id, gen } = cluster.core(0).self;
    tell(cluster, valueItem(id, gen, 'key', { version: 9, value: new Uint8Array([1]) }));
    expect(cluster.core(0).view.of(id)?.kv.entries.size).toBe(0);
  });
});

it('of two with one name and one generation, one stops and the other one is told', () => {
  const cluster = new SimulatedCluster({ nodes: 3, seed: 1 });
  tell(cluster, about(cluster, 0, { address: '1.1.1.1:1' }));
  expect(cluster.core(0).membership.isStopped).toBe(false);
  expect(cluster.core(0).self.inc).toBe(1);
  tell(cluster, about(cluster, 0, { address: '9.9.9.9:9' }));
  expect(cluster.core(0).membership.isStopped).toBe(true);
  expect(cluster.core(0).wakeAt).toBe(Number.POSITIVE_INFINITY);
});

it('who has to stop takes nothing more of the message that says so', () => {
  const cluster = new SimulatedCluster({ nodes: 3, seed: 1 });
  tell(cluster, about(cluster, 0, { gen: 2 }), about(cluster, 2, { inc: 1, status: 3 }));
  expect(cluster.core(0).membership.isStopped).toBe(true);
  expect(known(cluster, 2)).toMatchObject({ inc: 0, status: 0 });
});

it('a process that stood still accuses nobody for it', () => {
  const suspects: string[] = [];
  const cluster = new SimulatedCluster({
    nodes: 20,
    seed: 4,
    onEvent: (node, event) => {
      if (node === 3 && event.type === 'suspect' && event.member.by === memberId('node-00003'))
        suspects.push(event.member.name);
    },
  });
  for (let pause = 1; pause < 10; pause += 1) cluster.at(pause * 3000, () => cluster.pause(3, 2000));
  cluster.run(40_000);
  expect(cluster.core(3).counters.pauses).toBeGreaterThan(5);
  expect(suspects).toEqual([]);
});

it('one pause counts once, however many packets waited for its end', () => {
  const cluster = new SimulatedCluster({ nodes: 20, seed: 4 });
  cluster.run(1000);
  cluster.pause(3, 2000);
  cluster.run(2999);
  const core = cluster.core(3);
  const { self } = cluster.core(1);
  for (let packet = 0; packet < 10; packet += 1)
    core.handle({ kind: RUMOUR, items: [] }, { id: self.id, gen: self.gen }, self.address);
  cluster.run(3100);
  expect(core.counters.pauses).toBe(1);
  expect(core.healthScore).toBeLessThan(3);
});

it('two who are left of hundreds still find each other', () => {
  const cluster = new SimulatedCluster({ nodes: 400, seed: 2 });
  for (let node = 2; node < 400; node += 1) {
    tell(cluster, about(cluster, node, { status: 2 }));
    cluster.crash(node);
  }
  expect(cluster.core(0).view.reachable).toBe(2);
  cluster.run(20_000);
  expect(cluster.core(0).counters.syncs).toBeGreaterThanOrEqual(9);
});

it('dead members are forgotten although newcomers hear of them again and again', () => {
  const cluster = new SimulatedCluster({
    nodes: 4,
    seed: 3,
    tuning: { suspicionMs: 300, retentionMs: 10_000 },
  });
  cluster.crash(3);
  for (let joined = 0; joined < 12; joined += 1) {
    cluster.run(cluster.nowMs + 2500);
    cluster.join([cluster.size - (joined === 0 ? 2 : 1)]);
  }
  cluster.run(cluster.nowMs + 1000);
  const dead = memberId('node-00003');
  for (let node = 0; node < cluster.size; node += 1)
    if (node !== 3) expect(cluster.core(node).view.of(dead)).toBeUndefined();
});

it('who was told of somebody that does not answer is told that it is not there', () => {
  const events: string[] = [];
  const cluster = new SimulatedCluster({
    nodes: 3,
    seed: 1,
    onEvent: (node, event) => {
      if (node === 0 && 'member' in event && event.member.name === 'ghost') events.push(event.type);
    },
  });
  const ghost = memberItem({ name: 'ghost', gen: 1, inc: 0, status: 0, address: '10.9.9.9:1', by: 0 });
  const { self } = cluster.core(1);
  const message = { kind: DELTA, seq: 1, more: 0, large: NO_BYTES, items: [ghost] } as const;
  cluster.core(0).handle(message, { id: self.id, gen: self.gen }, self.address);
  cluster.run(30_000);
  expect(events).toEqual(['join', 'dead', 'forget']);
});

it('no datagram is larger than it may be, with the longest name, key and value', () => {
  const sizes: number[] = [];
  const cluster = new SimulatedCluster({
    nodes: 2,
    seed: 1,
    onSend: (_, __, bytes) => sizes.push(bytes),
  });
  const core = cluster.core(0);
  const name = 'n'.repeat(64);
  const address = `${'a'.repeat(74)}:65535`;
  const item = memberItem({ name, gen: 2 ** 47, inc: 2 ** 31, status: 0, address, by: 0 });
  const entries = new Map([['k'.repeat(128), { version: 2 ** 40, value: new Uint8Array(900) }]]);
  const record = recordFactory.withKeyValues(recordFactory.withItem(undefined, item), {
    max: 2 ** 40,
    gc: 0,
    entries,
  });
  core.view.set(core.view.directory.intern(name, item.id) as number, record);
  const { self } = cluster.core(1);
  const wants = encodeWant({ id: item.id, gen: 1, from: 0 });
  core.handle({ kind: WANT, seq: 1, wants, items: [] }, { id: self.id, gen: 1 }, self.address);
  expect(sizes).toHaveLength(2);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1200);
});

it('a storm of probes leaves no debt that lasts', () => {
  const budget = new ByteBudget(36_000, 0);
  for (let probe = 0; probe < 10_000; probe += 1) budget.charge(100, 0);
  expect(budget.forRumours(500)).toBeGreaterThan(0);
});

it('churn of ten times the size leaves nothing behind', () => {
  const tuning = { suspicionMs: 500, retentionMs: 5_000, graveMs: 30_000 };
  const cluster = new SimulatedCluster({ nodes: 10, seed: 6, isAcquainted: false, tuning });
  for (let node = 1; node < 10; node += 1) cluster.introduce(node, 0);
  cluster.run(2000);
  for (let left = 0; left < 100; left += 1) {
    const node = cluster.join([0]);
    cluster.run(cluster.nowMs + 300);
    cluster.crash(node);
    cluster.run(cluster.nowMs + 300);
  }
  cluster.run(cluster.nowMs + 120_000);
  for (let node = 0; node < 10; node += 1) {
    const { view, membership, rumours } = cluster.core(node);
    expect(view.size).toBe(10);
    expect(view.directory.slots).toBeLessThan(80);
    expect(membership.graveyard.size).toBe(0);
    expect(membership.gone.size).toBe(0);
    expect(membership.suspicions.size).toBe(0);
    expect(rumours).toBe(0);
  }
});

/** A member that does not know the others, and what it is told by somebody that it does not know either. */
function lonely(
  onSend?: (message: Message) => void,
): readonly [SimulatedCluster, (...items: Item[]) => void] {
  const cluster = new SimulatedCluster({
    nodes: 1,
    seed: 1,
    isAcquainted: false,
    onSend: (_, message) => onSend?.(message),
  });
  const hear = (...items: Item[]): void =>
    cluster.core(0).handle({ kind: RUMOUR, items }, { id: 1, gen: 1 }, '10.9.9.8:1');
  return [cluster, hear];
}

const named = (name: string, changes: Partial<MemberItem> = {}): MemberItem =>
  memberItem({ name, gen: 1, inc: 0, status: 0, address: '10.9.9.9:1', by: 0, ...changes });

it('who takes the place of somebody forgotten is not accused because that one did not answer', () => {
  const [cluster, hear] = lonely();
  const core = cluster.core(0);
  hear(named('first'));
  cluster.run(5000, () => core.counters.probes === 1);
  core.membership.forget(core.view.directory.slotOf(memberId('first')) as number);
  hear(named('second'));
  cluster.run(5000, () => core.counters.probes === 2);
  expect(core.counters.probesFailed).toBe(1);
  expect(core.view.of(memberId('second'))?.item.status).toBe(0);
});

it('who was forgotten is not told of because another has its place', () => {
  const told: string[] = [];
  const [cluster, hear] = lonely(({ items }) => {
    for (const item of items) if (item.kind === 'member') told.push(item.name);
  });
  const core = cluster.core(0);
  hear(named('first'));
  core.membership.forget(core.view.directory.slotOf(memberId('first')) as number);
  hear(named('second'));
  const sync = {
    kind: SYNC,
    seq: 1,
    lane: 0,
    rootLow: 1,
    rootHigh: 1,
    buckets: NO_BYTES,
    items: [],
  } as const;
  core.handle(sync, { id: 1, gen: 1 }, '10.9.9.8:1');
  expect(told).toContain('second');
  expect(told).not.toContain('first');
});

describe('of more members than may be', () => {
  const full = (): readonly [SimulatedCluster, (...items: Item[]) => void] => {
    const cluster = new SimulatedCluster({
      nodes: 1,
      seed: 1,
      isAcquainted: false,
      tuning: { membersMax: 10 },
    });
    const hear = (...items: Item[]): void =>
      cluster.core(0).handle({ kind: RUMOUR, items }, { id: 1, gen: 1 }, '10.9.9.8:1');
    hear(...Array.from({ length: 100 }, (_, index) => named(`many-${index}`)));
    return [cluster, hear];
  };

  it('those who come last are refused and counted', () => {
    const { view, counters } = full()[0].core(0);
    expect(view.size).toBe(10);
    expect(view.directory.slots).toBeLessThan(12);
    expect(counters.membersRefused).toBe(91);
  });

  it('somebody is not taken in either who answers itself after it was gone', () => {
    const cluster = new SimulatedCluster({
      nodes: 1,
      seed: 1,
      isAcquainted: false,
      tuning: { membersMax: 3, retentionMs: 1000 },
    });
    const core = cluster.core(0);
    const stranger = { id: 1, gen: 1 };
    const hear = (...items: Item[]): void => core.handle({ kind: RUMOUR, items }, stranger, '10.9.9.8:1');
    hear(named('back', { status: 2 }));
    cluster.run(3000);
    const claim = named('back', { inc: 1 });
    core.handle({ kind: DELTA, seq: 1, more: 0, large: NO_BYTES, items: [claim] }, stranger, '10.9.9.8:1');
    hear(named('one'), named('two'));
    expect(core.view.size).toBe(3);
    core.handle({ kind: RUMOUR, items: [] }, { id: claim.id, gen: 1 }, claim.address);
    expect(core.view.size).toBe(3);
    expect(core.view.of(claim.id)).toBeUndefined();
    expect(core.counters.membersRefused).toBe(1);
    expect(core.view.directory.slotOf(claim.id)).toBeUndefined();
  });

  it('the dead make place for the living, and not the other way round', () => {
    const [cluster, hear] = full();
    const core = cluster.core(0);
    hear(named('many-3', { status: 2 }));
    hear(named('dead', { status: 2 }));
    expect(core.view.of(memberId('many-3'))).toBeDefined();
    hear(named('living'));
    expect(core.view.of(memberId('many-3'))).toBeUndefined();
    expect(core.view.of(memberId('living'))?.item.status).toBe(0);
    expect(core.view.of(memberId('dead'))).toBeUndefined();
  });
});
