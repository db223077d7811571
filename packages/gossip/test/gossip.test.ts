import { abortedError, type Random } from '@clortho/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Change, Gossip, type GossipOptions, observeCluster } from '../src/index.ts';
import { KEY, Members, seenBy } from './support/members.ts';

let members: Members;

beforeEach(() => {
  members = new Members();
});

afterEach(async () => {
  await members.close();
  expect(members.clock.pending).toBe(0);
});

/** Leaves lists in their order. */
const unshuffled: Random = { uint32: () => 0 };

const coded = (code: string): object => expect.objectContaining({ code });

describe('members', () => {
  it('know each other soon after joining', async () => {
    const all = [await members.join('a'), await members.join('b'), await members.join('c')];
    await members.pass(1000);
    for (const member of all) expect(seenBy(member)).toEqual(['a alive', 'b alive', 'c alive']);
  });

  it('see who leaves', async () => {
    const [a, b] = [await members.join('a'), await members.join('b'), await members.join('c')];
    const left: string[] = [];
    a.on('left', ({ name }) => left.push(name));
    await members.pass(500);
    const leaving = b.leave();
    await members.pass(1500);
    await leaving;
    expect(left).toEqual(['b']);
    expect(seenBy(a)).toEqual(['a alive', 'b left', 'c alive']);
    await b.leave();
    expect(() => b.set('key', 1)).toThrow(coded('CLORTHO_CLOSED'));
    expect(() => b.watch()).toThrow(coded('CLORTHO_CLOSED'));
  });

  it.each([2, 3, 4])('are told at once who leaves, also if there are only %i', async (count) => {
    const all = [];
    for (let number = 0; number < count; number += 1) all.push(await members.join(`m-${number}`));
    await members.pass(1000);
    const leaving = all.at(-1) as Gossip;
    const first = leaving.leave();
    const second = leaving.leave();
    await members.pass(200);
    expect(leaving.isClosed).toBe(true);
    await Promise.all([first, second]);
    await members.pass(200);
    for (const member of all.slice(0, -1)) expect(seenBy(member)).toContain(`m-${count - 1} left`);
  });

  it('that start with an earlier generation are refused, also long after the later one is forgotten', async () => {
    const tuning = { retentionMs: 2000 };
    await members.join('a', { tuning, generation: 5000 });
    const b = await members.join('b', { tuning, generation: 1000 });
    await members.pass(500);
    const leaving = b.leave();
    await members.pass(500);
    await leaving;
    for (const generation of [999, 998]) {
      await expect(members.join('b', { tuning, generation })).rejects.toThrow(coded('CLORTHO_CONFLICT'));
      await members.pass(5000);
    }
  });

  it('that start with a generation beyond belief are refused', async () => {
    const a = await members.join('a', { generation: 5000 });
    const joining = members.join('b', { generation: 2 ** 47 });
    await expect(joining).rejects.toThrow(coded('CLORTHO_CONFLICT'));
    expect(seenBy(a)).toEqual(['a alive']);
  });

  it('see who goes without a word, and who comes back', async () => {
    const [a, b] = [await members.join('a'), await members.join('b'), await members.join('c')];
    const events: string[] = [];
    for (const name of ['suspect', 'dead', 'join'] as const)
      a.on(name, (member) => events.push(`${name} ${member.name}`));
    await members.pass(500);
    await b.close();
    await members.pass(15_000);
    expect(events).toEqual(['suspect b', 'dead b']);
    await members.join('b');
    await members.pass(1000);
    expect(events).toEqual(['suspect b', 'dead b', 'join b']);
    expect(seenBy(a)).toEqual(['a alive', 'b alive', 'c alive']);
  });

  it('that were apart find each other again', async () => {
    const all = [
      await members.join('a'),
      await members.join('b'),
      await members.join('c'),
      await members.join('d'),
    ];
    const side = new Map(all.map(({ address }, index) => [address, index % 2]));
    await members.pass(500);
    members.network.isDelivered = (source, target) => side.get(source) === side.get(target);
    await members.pass(30_000);
    expect(seenBy(all[0] as Gossip)).toEqual(['a alive', 'b dead', 'c alive', 'd dead']);
    members.network.isDelivered = () => true;
    await members.pass(15_000);
    for (const member of all) expect(seenBy(member)).toEqual(['a alive', 'b alive', 'c alive', 'd alive']);
  });

  it('of two with one name, the older stops', async () => {
    const old = await members.join('a');
    const witness = await members.join('b');
    await members.pass(1000);
    const conflicts: boolean[] = [];
    old.on('conflict', ({ stops }) => conflicts.push(stops));
    const young = await members.join('a', { seeds: [witness.address] });
    await members.pass(3000);
    expect(conflicts).toEqual([true]);
    expect(old.isClosed).toBe(true);
    expect(young.isClosed).toBe(false);
    expect(seenBy(witness)).toEqual(['a alive', 'b alive']);
    expect(witness.members().find(({ name }) => name === 'a')?.address).toBe(young.address);
  });

  it('give way to a later start of their name that knows nobody else, and tell it what they know', async () => {
    const old = await members.join('a', { generation: 5000 });
    const witness = await members.join('b', { generation: 5000 });
    witness.set('key', 1);
    await members.pass(1000);
    const conflicts: boolean[] = [];
    old.on('conflict', ({ stops }) => conflicts.push(stops));
    const young = await members.join('a', { seeds: [old.address], generation: 6000 });
    expect(seenBy(young)).toEqual(['a alive', 'b alive']);
    expect(young.get('b', 'key')).toBe(1);
    await members.pass(3000);
    expect(conflicts).toEqual([true]);
    expect(old.isClosed).toBe(true);
    expect(young.isClosed).toBe(false);
    expect(witness.members().find(({ name }) => name === 'a')?.address).toBe(young.address);
  });

  it('give way to a later start of their name although there is nobody else', async () => {
    const old = await members.join('a', { generation: 5000 });
    const young = await members.join('a', { generation: 6000 });
    await members.pass(3000);
    expect(old.isClosed).toBe(true);
    expect(young.isClosed).toBe(false);
    expect(young.members()).toMatchObject([{ name: 'a', generation: 6000, address: young.address }]);
  });

  it('give way to the latest of several starts of their name, in whatever order those ask to join', async () => {
    const old = await members.join('a', { generation: 5000 });
    const latest = await members.join('a', { generation: 7000 });
    for (const generation of [6000, 4000, 2 ** 47])
      await expect(members.join('a', { generation })).rejects.toThrow(coded('CLORTHO_CONFLICT'));
    await members.pass(3000);
    expect(old.isClosed).toBe(true);
    expect(latest.isClosed).toBe(false);
    expect(latest.members()).toMatchObject([{ name: 'a', generation: 7000, address: latest.address }]);
  });

  it('refuse an earlier start of their name, and one that is beyond belief, that know nobody else', async () => {
    const a = await members.join('a', { generation: 5000 });
    for (const generation of [4000, 2 ** 47])
      await expect(members.join('a', { generation })).rejects.toThrow(coded('CLORTHO_CONFLICT'));
    await members.pass(3000);
    expect(a.isClosed).toBe(false);
  });

  it('with one name and one generation that know nobody else find out, and one stops', async () => {
    const a = await members.join('a', { generation: 5000 });
    const joining = members.join('a', { generation: 5000 }).catch((error: unknown) => error);
    const twin = await joining;
    await members.pass(3000);
    const running = [a, twin].filter((one) => one instanceof Gossip && !one.isClosed);
    expect(running).toHaveLength(1);
  });

  it('of another cluster or with another key are not heard', async () => {
    const a = await members.join('a');
    const strangers = [
      { cluster: 'other' },
      { keyring: [new Uint8Array(32)] },
      { keyring: 'plaintext' },
    ] as const;
    for (const stranger of strangers) {
      const joining = members.join('x', { ...stranger, joinTimeoutMs: 500 });
      const failed = expect(joining).rejects.toThrow(coded('CLORTHO_UNAVAILABLE'));
      await members.pass(2000);
      await failed;
    }
    expect(seenBy(a)).toEqual(['a alive']);
    expect(a.metrics().packets).toMatchObject({ accepted: 0 });
  });

  it('join together after all of them were away', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const before = [];
    for (const name of names) before.push(await members.join(name));
    await members.pass(1000);
    await Promise.all(before.map((member) => member.close()));
    const seeds = before.map(({ address }) => address);
    const transports = seeds.map((address) => members.network.transport(address));
    const joining = names.map((name, index) => members.join(name, { seeds, transport: transports[index] }));
    await members.pass(3000);
    const after = await Promise.all(joining);
    for (const member of after) expect(seenBy(member)).toEqual(['a alive', 'b alive', 'c alive', 'd alive']);
  });

  it('are seen from outside without a new one among them', async () => {
    const a = await members.join('observer');
    await members.join('b');
    a.set('role', { leader: true });
    await members.pass(500);
    const seen = await observeCluster({
      cluster: 'test',
      keyring: [KEY],
      seeds: [a.address],
      transport: members.network.transport('10.0.0.9:1'),
      clock: members.clock,
    });
    expect(seen.map(({ name }) => name).sort()).toEqual(['b', 'observer']);
    expect(seen.find(({ name }) => name === 'observer')?.values.get('role')).toEqual({ leader: true });
    await members.pass(2000);
    expect(seenBy(a)).toEqual(['b alive', 'observer alive']);
  });
});

describe('keys', () => {
  it('reach everybody, and go when they are deleted', async () => {
    const [a, b] = [await members.join('a'), await members.join('b')];
    const value = { load: 0.5, tags: ['x', 'y'], raw: new Uint8Array([1, 2]), nothing: null };
    a.set('state', value);
    expect(a.get('a', 'state')).toEqual(value);
    await members.pass(500);
    expect(b.get('a', 'state')).toEqual(value);
    expect(b.entries('a')).toEqual(new Map([['state', value]]));
    a.delete('state');
    await members.pass(500);
    expect(b.get('a', 'state')).toBeUndefined();
    expect(b.get('nobody', 'state')).toBeUndefined();
  });

  it('that are lazy arrive later, the last value only', async () => {
    const [a, b] = [await members.join('a'), await members.join('b')];
    await members.pass(6000);
    const seen: unknown[] = [];
    b.on('update', ({ keys }) => seen.push(...keys.map((key) => b.get('a', key))));
    for (let load = 0; load < 10; load += 1) {
      a.set('load', load, { class: 'lazy' });
      await members.pass(100);
    }
    expect(a.get('a', 'load')).toBe(9);
    await members.pass(12_000);
    expect(b.get('a', 'load')).toBe(9);
    expect(seen.length).toBeLessThan(4);
  });

  it('that are too large for datagrams arrive too, up to 1 MiB', async () => {
    const [a, b] = [await members.join('a'), await members.join('b')];
    const large = new Uint8Array(2 ** 20 - 5).fill(3);
    a.set('large', large);
    await members.pass(8000);
    // A comparison by elements would take a minute.
    const isWhole = (value: unknown): boolean => Buffer.compare(value as Uint8Array, large) === 0;
    expect(isWhole(b.get('a', 'large'))).toBe(true);
    expect(() => a.set('large', new Uint8Array(2 ** 20))).toThrow(coded('CLORTHO_INVALID'));
    expect(isWhole(a.get('a', 'large'))).toBe(true);
  });

  it.each([
    ['an empty key', '', 1],
    ['a long key', 'k'.repeat(129), 1],
    ['a reserved key', '$mine', 1],
    ['a date', 'key', new Date(0)],
    ['a bigint', 'key', 2n ** 70n],
    ['a small bigint', 'key', { count: 5n }],
    ['a map', 'key', new Map([['a', 1]])],
    ['a function', 'key', () => 1],
    ['nothing', 'key', undefined],
    ['half a character', 'key', 'a\ud800'],
    ['a property named with half a character', 'key', { '\udfff': 1 }],
    ['a property that would set a prototype', 'key', JSON.parse('{"__proto__":1}')],
    ['a deep value', 'key', JSON.parse('['.repeat(50) + ']'.repeat(50))],
  ])('are refused: %s', async (_, key, value) => {
    const a = await members.join('a');
    expect(() => a.set(key, value as never)).toThrow(coded('CLORTHO_INVALID'));
  });

  it('that take seconds to arrive are fetched once by each member', async () => {
    let fetched = 0;
    const slow = (address: string): GossipOptions['transport'] => {
      const own = members.network.transport(address);
      return {
        ...own,
        async ask(target, packet, onAnswer, signal, onConnected) {
          const answers: Uint8Array[] = [];
          await own.ask(target, packet, (answer) => answers.push(answer), signal, onConnected);
          if (answers.some(({ length }) => length > 10_000)) {
            fetched += 1;
            await members.clock.sleep(4000, signal);
          }
          answers.forEach(onAnswer);
        },
      };
    };
    const all = [];
    for (let number = 0; number < 6; number += 1)
      all.push(await members.join(`m-${number}`, { transport: slow(`10.0.0.7:${number + 1}`) }));
    await members.pass(1000);
    all[0]?.set('large', new Uint8Array(20_000));
    await members.pass(20_000);
    for (const member of all) expect(member.get('m-0', 'large')).toHaveLength(20_000);
    expect(fetched).toBe(5);
  });

  it('are bounded in number and in size', async () => {
    const a = await members.join('a');
    for (let key = 0; key < 1023; key += 1) a.set(`key-${key}`, key);
    expect(() => a.set('one more', 1)).toThrow(coded('CLORTHO_INVALID'));
    const b = await members.join('b');
    for (let key = 0; key < 4; key += 1) b.set(`key-${key}`, new Uint8Array(2 ** 20 - 100));
    expect(() => b.set('one more', new Uint8Array(1000))).toThrow(coded('CLORTHO_INVALID'));
  });
});

describe('a watch', () => {
  it('yields what there is, then what changes, each key once', async () => {
    const [a, b] = [await members.join('a'), await members.join('b')];
    a.set('shard/1', 'a');
    a.set('other', 1);
    await members.pass(500);
    const ending = new AbortController();
    const watch = b.watch({ prefix: 'shard/', signal: ending.signal });
    expect((await watch.next()).value).toEqual({ node: 'a', key: 'shard/1', value: 'a' });
    for (let value = 0; value < 5; value += 1) b.set('shard/2', value);
    a.delete('shard/1');
    await members.pass(500);
    const changes = [(await watch.next()).value, (await watch.next()).value] as Change[];
    expect(changes).toEqual([
      { node: 'b', key: 'shard/2', value: 4 },
      { node: 'a', key: 'shard/1', value: undefined },
    ]);
    const last = watch.next();
    ending.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('yields that keys are gone of a member that started again without them', async () => {
    const [a, b] = [await members.join('a'), await members.join('b', { generation: 1 })];
    b.set('shard', 7);
    await members.pass(500);
    const watch = a.watch({ prefix: 'shard' });
    expect((await watch.next()).value).toEqual({ node: 'b', key: 'shard', value: 7 });
    await b.close();
    await members.join('b', { generation: 2 });
    await members.pass(1000);
    expect((await watch.next()).value).toEqual({ node: 'b', key: 'shard', value: undefined });
  });

  it('wakes all that wait, and ends at once with a signal that is over', async () => {
    const a = await members.join('a');
    const watch = a.watch();
    const both = [watch.next(), watch.next()];
    a.set('one', 1);
    a.set('two', 2);
    const changes = (await Promise.all(both)).map(({ value }) => (value as Change).key);
    expect(changes.sort()).toEqual(['one', 'two']);
    expect((await a.watch({ signal: AbortSignal.abort() }).next()).done).toBe(true);
  });

  it('ends with its reader and with the membership', async () => {
    const a = await members.join('a');
    a.set('key', 1);
    for await (const { value } of a.watch()) {
      expect(value).toBe(1);
      break;
    }
    const watch = a.watch({ prefix: 'none' });
    const last = watch.next();
    await a.close();
    expect((await last).done).toBe(true);
  });
});

describe('keys of encryption', () => {
  it('are changed on all members while they talk, and no packet is lost', async () => {
    const all = [await members.join('a'), await members.join('b'), await members.join('c')];
    const fresh = new Uint8Array(32).fill(9);
    let tick = 0;
    const talk = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 100) {
        all[tick % 3]?.set('tick', tick++);
        await members.pass(100);
      }
    };
    await talk(1000);
    const [a] = all as [Gossip, ...Gossip[]];
    const old = a.keys?.primary as number;
    const id = a.keys?.install(fresh) as number;
    expect(() => a.keys?.promote(id)).toThrow(coded('CLORTHO_CONFLICT'));
    for (const member of all) {
      member.keys?.install(fresh);
      await talk(300);
    }
    for (const member of all) {
      expect(member.keys?.isEverywhere(id)).toBe(true);
      member.keys?.promote(id);
      await talk(300);
    }
    for (const member of all) member.keys?.remove(old);
    await talk(1000);
    for (const member of all) {
      expect(member.metrics().packets).toMatchObject({ unknownKey: 0, forged: 0, muted: 0, replayed: 0 });
      expect(member.keys?.ids).toEqual([id]);
    }
  });
});

describe('joining', () => {
  it.each([
    ['no cluster', { cluster: '' }],
    ['a long name', { name: 'n'.repeat(65) }],
    ['no keyring', { keyring: undefined }],
    ['a short key', { keyring: [new Uint8Array(5)] }],
    ['an address that is none', { advertise: 'somewhere' }],
    ['a negative generation', { generation: -1 }],
    ['a generation that none comes after', { generation: 2 ** 48 - 1 }],
    ['a time-out above the period', { tuning: { probeTimeoutMs: 500 } }],
    ['seeds without a port', { seeds: ['10.0.0.1'] }],
    ['seeds that are a text', { seeds: 'host:1' }],
    ['a function that knows no addresses', { seeds: () => Promise.resolve(['10.0.0.1']) }],
    ['all addresses of the machine as the one for others', { bind: '0.0.0.0:0' }],
    ['a time-out that is none', { joinTimeoutMs: Number.NaN }],
    ['a period beyond timers', { tuning: { healMs: 2 ** 31 } }],
    ['tiny datagrams', { tuning: { datagramBytes: 100 } }],
  ])('refuses %s', async (_, wrong) => {
    const options = { cluster: 'c', name: 'n', keyring: [KEY], ...wrong } as unknown as GossipOptions;
    await expect(Gossip.join(options)).rejects.toThrow(coded('CLORTHO_INVALID'));
  });

  it('keeps its time-out and its signal while a seed is silent', async () => {
    const silent = (address: string): GossipOptions['transport'] => ({
      ...members.network.transport(address),
      ask: (_target, _packet, _onAnswer, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(abortedError(signal)), { once: true });
        }),
    });
    const seeds = ['10.0.0.7:1'];
    const slow = members.join('a', { seeds, transport: silent('10.0.0.8:1'), joinTimeoutMs: 500 });
    const late = expect(slow).rejects.toThrow(coded('CLORTHO_UNAVAILABLE'));
    await members.pass(600);
    await late;
    const ending = new AbortController();
    const aborted = members.join('b', { seeds, transport: silent('10.0.0.8:2'), signal: ending.signal });
    const failed = expect(aborted).rejects.toThrow(coded('CLORTHO_ABORTED'));
    await members.pass(100);
    ending.abort();
    await failed;
  });

  it('does not wait for a silent seed if another one answers', async () => {
    const a = await members.join('a');
    const own = members.network.transport('10.0.0.8:3');
    const transport: GossipOptions['transport'] = {
      ...own,
      ask: (target, packet, onAnswer, signal) =>
        target === a.address
          ? own.ask(target, packet, onAnswer, signal)
          : new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(abortedError(signal)), { once: true });
            }),
    };
    const seeds = ['10.0.0.7:1', a.address, '10.0.0.7:2'];
    const b = await members.join('b', { seeds, transport });
    expect(seenBy(b)).toEqual(['a alive', 'b alive']);
  }, 2000);

  it.each([
    ['asked at the same time', 0],
    ['asked later', 3],
  ])(
    'does not fail because the first seed that answers is full: the one with a place is %s',
    async (_, more) => {
      const full = await members.join('a', { tuning: { membersMax: 2 } });
      const other = await members.join('b');
      await members.pass(500);
      const own = members.network.transport('10.0.0.8:3');
      const transport: GossipOptions['transport'] = {
        ...own,
        ask: async (target, packet, onAnswer, signal) => {
          if (target === other.address) await members.clock.sleep(20, signal);
          return own.ask(target, packet, onAnswer, signal);
        },
      };
      const refusing = [full.address, '10.0.0.7:1', '10.0.0.7:2', '10.0.0.7:3'].slice(0, 1 + more);
      const joining = members.join('c', {
        seeds: [...refusing, other.address],
        transport,
        random: unshuffled,
      });
      await members.pass(200);
      expect(seenBy(await joining)).toContain('c alive');
      expect(seenBy(other)).toContain('c alive');
    },
  );

  it('fails if all seeds are full', async () => {
    const full = await members.join('a', { tuning: { membersMax: 2 } });
    const second = await members.join('b', { tuning: { membersMax: 2 } });
    await members.pass(500);
    const seeds = [full.address, second.address];
    await expect(members.join('c', { seeds })).rejects.toThrow(coded('CLORTHO_CONFLICT'));
  });

  it('ends when it is aborted, and so does the membership', async () => {
    const aborted = AbortSignal.abort();
    await expect(members.join('a', { signal: aborted })).rejects.toThrow(coded('CLORTHO_ABORTED'));
    const ending = new AbortController();
    const waiting = members.join('b', { seeds: ['10.0.0.7:1'], signal: ending.signal });
    const failed = expect(waiting).rejects.toThrow(coded('CLORTHO_ABORTED'));
    await members.pass(500);
    ending.abort();
    await failed;
    const living = new AbortController();
    const c = await members.join('c', { signal: living.signal });
    living.abort();
    expect(c.isClosed).toBe(true);
  });
});
