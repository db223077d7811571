/** What is fuzzed: a member behind its endpoint, with a transport that notes every answer. */
import { seededRandom } from '@clortho/base';
import { GossipCore } from '../src/core/gossip-core.ts';
import { Endpoint } from '../src/endpoint.ts';
import { createDirectory } from '../src/member/directory.ts';
import { clusterTag, memberId } from '../src/member/member-id.ts';
import { createTable } from '../src/member/member-table.ts';
import { MemberView } from '../src/member/member-view.ts';
import { type Receiver, type Transport, zeroTransportCounters } from '../src/transport/transport.ts';
import { Keyring } from '../src/wire/keyring.ts';
import type { PacketCounters } from '../src/wire/opener.ts';

/** The cluster and the key of the member under test. */
export const CLUSTER = 'fuzz';
export const KEY: Uint8Array = new Uint8Array(32).fill(5);

/** A member under test. */
export interface Target {
  readonly core: GossipCore;
  readonly counters: Readonly<PacketCounters>;
  /** How many packets it sent, and how many bytes. */
  readonly sent: { packets: number; bytes: number };
  /** Hands over a packet, as a datagram or as a question; returns how many answers it gave. */
  receive(packet: Uint8Array, isStream: boolean): number;
  /** Moves its clock and does what is due. */
  pass(ms: number): void;
}

/** Returns a member that knows nobody. */
export function createTarget(): Target {
  let nowMs = 0;
  let receiver: Receiver | undefined;
  const sent = { packets: 0, bytes: 0 };
  const transport: Transport = {
    address: '10.0.0.1:1',
    counters: zeroTransportCounters(),
    listen: (listener) => {
      receiver = listener;
    },
    send: (_, packet) => {
      sent.packets += 1;
      sent.bytes += packet.length;
    },
    ask: () => {
      sent.packets += 1;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const random = seededRandom(1);
  const now = (): number => nowMs;
  const core: GossipCore = new GossipCore({
    name: 'a',
    gen: 10,
    address: transport.address,
    view: new MemberView(createDirectory(), createTable()),
    host: {
      random,
      now,
      send: (address, message) => endpoint.send(address, message),
      sendOverStream: (address, message, progress) => endpoint.askQuietly(address, message, progress),
      emit: () => undefined,
      rearm: () => undefined,
    },
  });
  const endpoint = new Endpoint({
    transport,
    cluster: clusterTag(CLUSTER),
    sender: memberId('a'),
    self: memberId('a'),
    keyring: new Keyring([KEY]),
    random,
    now,
    gen: () => core.self.gen,
    handle: (message, sender, origin) => core.handle(message, sender, origin),
  });
  return {
    core,
    counters: endpoint.opener.counters,
    sent,
    receive(packet, isStream) {
      // A source of its own for every packet: muting is not what is tested here.
      const source = `10.${(nowMs >> 8) & 255}.${nowMs & 255}.9:${1 + (sent.packets % 60_000)}`;
      const before = sent.packets;
      if (isStream) return [...(receiver?.question(packet, source) ?? [])].length;
      receiver?.datagram(packet, source);
      return sent.packets - before;
    },
    pass(ms) {
      nowMs += ms;
      core.wake();
    },
  };
}
