import { seededRandom } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_ITEMS } from '../../src/item/item.ts';
import { clusterTag, memberId } from '../../src/member/member-id.ts';
import { Keyring, keyId } from '../../src/wire/keyring.ts';
import { ACK } from '../../src/wire/message.ts';
import { encodeMessage } from '../../src/wire/message-codec.ts';
import { Opener } from '../../src/wire/opener.ts';
import { AT, PACKET_OVERHEAD_BYTES } from '../../src/wire/packet-header.ts';
import { ReplayWindow, WINDOW } from '../../src/wire/replay-window.ts';
import { Sealer } from '../../src/wire/sealer.ts';
import { SourceMeter } from '../../src/wire/source-meter.ts';

const KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);
const MESSAGE = { kind: ACK, seq: 7, items: NO_ITEMS } as const;
const GEN = 5;

interface Ends {
  readonly sealer: Sealer;
  readonly opener: Opener;
  readonly keyrings: readonly [Keyring | undefined, Keyring | undefined];
  nowMs: number;
}

function ends(keys: readonly Uint8Array[] | undefined, theirs = keys, clusters = ['c', 'c']): Ends {
  const [mine, others] = [keys && new Keyring(keys), theirs && new Keyring(theirs)];
  const it: Ends = {
    keyrings: [mine, others],
    nowMs: 0,
    sealer: new Sealer({
      cluster: clusterTag(clusters[0] as string),
      sender: memberId('a'),
      keyring: mine,
      random: seededRandom(1),
    }),
    opener: new Opener({
      cluster: clusterTag(clusters[1] as string),
      self: memberId('b'),
      salt: 7,
      keyring: others,
      now: () => it.nowMs,
    }),
  };
  return it;
}

/** Packets of others with the same name, in plaintext, each a start of its own. */
const strangers = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => {
    const random = { uint32: () => index };
    const sealer = new Sealer({
      cluster: clusterTag('c'),
      sender: memberId('x'),
      keyring: undefined,
      random,
    });
    return sealer.seal(encodeMessage(MESSAGE), GEN, false);
  });

const seal = ({ sealer }: Ends, isStream = false): Buffer =>
  sealer.seal(encodeMessage(MESSAGE), GEN, isStream);

describe.each([
  ['encrypted', [KEY]],
  ['in plaintext', undefined],
] as const)('a packet %s', (_, keys) => {
  it('is opened once, and tells who sent it', () => {
    const pair = ends(keys);
    const packet = seal(pair);
    const opened = pair.opener.open(packet, 'x', false);
    expect(opened).toEqual({ message: MESSAGE, sender: { id: memberId('a'), gen: GEN } });
    expect(pair.opener.open(packet, 'x', false)).toBeUndefined();
    expect(pair.opener.counters).toMatchObject({ accepted: 1, replayed: 1 });
  });

  it('of another cluster is dropped before anything else is looked at', () => {
    const pair = ends(keys, keys, ['c', 'd']);
    expect(pair.opener.open(seal(pair), 'x', false)).toBeUndefined();
    expect(pair.opener.counters).toMatchObject({ otherCluster: 1, forged: 0 });
  });

  it('of a stream is none of datagrams, and the other way round', () => {
    const pair = ends(keys);
    expect(pair.opener.open(seal(pair, true), 'x', false)).toBeUndefined();
    expect(pair.opener.open(seal(pair, false), 'x', true)).toBeUndefined();
    expect(pair.opener.open(seal(pair, true), 'x', true)).toBeDefined();
    expect(pair.opener.counters).toMatchObject({ wrongMode: 2, accepted: 1 });
  });

  it('is dropped and counted, whatever it is made of', () => {
    const pair = ends(keys);
    const { counters } = pair.opener;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isStream) => {
        expect(pair.opener.open(bytes, 'x', isStream)).toBeUndefined();
      }),
    );
    expect(counters.malformed).toBeGreaterThan(0);
    expect(counters.accepted).toBe(0);
  });
});

describe('an encrypted packet', () => {
  it('takes as much more than its message as is counted', () => {
    expect(seal(ends([KEY])).length).toBe(encodeMessage(MESSAGE).length + PACKET_OVERHEAD_BYTES);
  });

  it('with any bit changed is not opened', () => {
    const pair = ends([KEY]);
    const packet = seal(pair);
    for (let bit = 0; bit < packet.length * 8; bit += 1) {
      const changed = Buffer.from(packet);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(pair.opener.open(changed, `source ${bit}`, false)).toBeUndefined();
    }
    expect(pair.opener.open(packet, 'x', false)).toBeDefined();
  });

  it('of a key that is not known, or in plaintext, is dropped', () => {
    const stranger = ends([OTHER_KEY], [KEY]);
    expect(stranger.opener.open(seal(stranger), 'x', false)).toBeUndefined();
    expect(stranger.opener.counters.unknownKey).toBe(1);
    const plain = ends(undefined, [KEY]);
    expect(plain.opener.open(seal(plain), 'x', false)).toBeUndefined();
    expect(plain.opener.counters.accepted).toBe(0);
  });

  it('never repeats a nonce, over starts with one name and generation too', () => {
    const salts = new Set<string>();
    for (let start = 0; start < 50; start += 1) {
      const sealer = new Sealer({
        cluster: clusterTag('c'),
        sender: memberId('a'),
        keyring: new Keyring([KEY]),
        random: seededRandom(start),
      });
      for (const isStream of [false, true, false, true])
        salts.add(
          sealer.seal(encodeMessage(MESSAGE), GEN, isStream).toString('hex', AT.salt, AT.counter + 8),
        );
    }
    expect(salts.size).toBe(200);
  });

  it('of a source that sent rubbish is not looked at for ten seconds, unless it also sent what was good', () => {
    const pair = ends([KEY]);
    const forged = (): Buffer => {
      const packet = seal(pair);
      packet[packet.length - 1] = (packet[packet.length - 1] as number) ^ 1;
      return packet;
    };
    for (let count = 0; count < 30; count += 1) pair.opener.open(forged(), 'bad', false);
    expect(pair.opener.counters).toMatchObject({ forged: 20, muted: 10 });
    expect(pair.opener.open(seal(pair), 'bad', false)).toBeUndefined();
    expect(pair.opener.open(seal(pair), 'good', false)).toBeDefined();
    for (let count = 0; count < 30; count += 1) pair.opener.open(forged(), 'good', false);
    expect(pair.opener.open(seal(pair), 'good', false)).toBeDefined();
    pair.nowMs = 10_000;
    expect(pair.opener.open(seal(pair), 'bad', false)).toBeDefined();
  });
});

describe('a keyring', () => {
  it('is changed without losing a packet', () => {
    const pair = ends([KEY]);
    const [mine, theirs] = pair.keyrings as readonly [Keyring, Keyring];
    const works = (): void => {
      expect(pair.opener.open(seal(pair), 'x', false)).toBeDefined();
    };
    works();
    theirs.install(OTHER_KEY);
    works();
    mine.install(OTHER_KEY);
    mine.promote(keyId(OTHER_KEY));
    works();
    theirs.promote(keyId(OTHER_KEY));
    mine.remove(keyId(KEY));
    theirs.remove(keyId(KEY));
    works();
    const old = ends([KEY]);
    expect(pair.opener.open(seal(old), 'x', false)).toBeUndefined();
  });

  it.each([
    ['no key', () => new Keyring([])],
    ['a short key', () => new Keyring([new Uint8Array(16)])],
    [
      'too many keys',
      () => new Keyring(Array.from({ length: 9 }, (_, fill) => new Uint8Array(32).fill(fill))),
    ],
    ['promoting a key that it does not have', () => new Keyring([KEY]).promote(1)],
    ['removing the primary key', () => new Keyring([KEY]).remove(keyId(KEY))],
  ])('refuses %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'CLORTHO_INVALID' }));
  });
});

describe('a replay window', () => {
  it('accepts every counter at most once, as a set would that forgets what is far behind', () => {
    const counters = fc.array(fc.oneof(fc.nat(50), fc.nat(3 * WINDOW), fc.nat(2 ** 40)), { maxLength: 200 });
    fc.assert(
      fc.property(counters, (list) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let newest = -1;
        for (const counter of list) {
          const isFresh = !seen.has(counter) && (counter > newest || newest - counter < WINDOW);
          expect(window.isFresh(counter)).toBe(isFresh);
          if (!isFresh) continue;
          window.accept(counter);
          seen.add(counter);
          newest = Math.max(newest, counter);
        }
      }),
    );
  });
});

it('a source that was authentic within the hour is not muted, whatever is sent in its name', () => {
  const meter = new SourceMeter();
  meter.good('10.0.0.1:1', 0);
  for (let packet = 0; packet < 30; packet += 1) meter.bad('10.0.0.1:1', 60_000);
  expect(meter.isMuted('10.0.0.1:1', 60_000)).toBe(false);
  for (let packet = 0; packet < 30; packet += 1) meter.bad('10.0.0.1:1', 4_000_000);
  expect(meter.isMuted('10.0.0.1:1', 4_000_000)).toBe(true);
});

it('a packet of the process itself is dropped, one of another process with its name is not', () => {
  const { opener } = ends(undefined);
  const packetOf = (salt: number): Buffer => {
    const random = { uint32: () => salt };
    const sealer = new Sealer({
      cluster: clusterTag('c'),
      sender: memberId('b'),
      keyring: undefined,
      random,
    });
    return sealer.seal(encodeMessage(MESSAGE), GEN, false);
  };
  expect(opener.open(packetOf(7), 'x', false)).toBeUndefined();
  expect(opener.counters.own).toBe(1);
  expect(opener.open(packetOf(8), 'x', false)).toBeDefined();
});

it('a member that is heard of keeps its window, however many strangers come and go', () => {
  const pair = ends(undefined);
  const first = seal(pair);
  expect(pair.opener.open(first, 'x', false)).toBeDefined();
  for (const [index, packet] of strangers(70_000).entries()) {
    pair.opener.open(packet, 'x', false);
    if (index % 1000 === 0) expect(pair.opener.open(seal(pair), 'x', false)).toBeDefined();
  }
  expect(pair.opener.open(first, 'x', false)).toBeUndefined();
});
