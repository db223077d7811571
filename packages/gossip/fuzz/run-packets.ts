/**
 * Sends packets to a member and watches it.
 *
 * What is a finding: an exception, an answer to what is not authentic, a packet that takes long, memory that grows with what
 * strangers send, and a member that cannot talk any more afterwards.
 */
import { seededRandom } from '@clortho/base';
import { NO_ITEMS } from '../src/item/item.ts';
import { clusterTag, memberId } from '../src/member/member-id.ts';
import { Keyring } from '../src/wire/keyring.ts';
import { JOIN, type Message, PING } from '../src/wire/message.ts';
import { encodeMessage } from '../src/wire/message-codec.ts';
import { HEADER_BYTES } from '../src/wire/packet-header.ts';
import { Sealer } from '../src/wire/sealer.ts';
import { Draw } from './draw.ts';
import { flipped, hostileBody, KINDS } from './hostile.ts';
import { CLUSTER, createTarget, KEY, type Target } from './target.ts';

/** What a run came to. */
export interface FuzzFigures {
  readonly packets: number;
  /** Members that a later start of their name stopped. */
  readonly stopped: number;
  readonly kinds: Record<string, number>;
  readonly counters: Record<string, number>;
  readonly answers: number;
  readonly longestMs: number;
  readonly members: number;
  readonly heapGrowthMiB: number;
  readonly findings: readonly string[];
}

const PACKET_MS_MAX = 50;
const HEAP_GROWTH_MIB_MAX = 128;
const FINDINGS_MAX = 20;
const OVERSIZED_BYTES = 60_000;

/** Sends the packets `[first, first + count)` of a seed. */
export function runPackets(seed: number, first: number, packets: number, now: () => number): FuzzFigures {
  let target = createTarget();
  const counters: Record<string, number> = {};
  let stopped = 0;
  const count = (): void => {
    for (const [name, value] of Object.entries(target.counters))
      counters[name] = (counters[name] ?? 0) + value;
  };
  const senders = new Senders(seed);
  const kinds: Record<string, number> = {};
  const findings: string[] = [];
  const heapBefore = process.memoryUsage().heapUsed;
  let answers = 0;
  let longestMs = 0;
  for (let number = first; number < first + packets && findings.length < FINDINGS_MAX; number += 1) {
    const draw = new Draw(seed, number);
    const kind = draw.pick(KINDS);
    const isStream = draw.oneIn(8);
    const packet = senders.packet(draw, kind, isStream);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    const accepted = target.counters.accepted;
    const began = now();
    let answered = 0;
    try {
      answered = target.receive(packet, isStream);
      if (number % 50 === 0) target.pass(97);
    } catch (error) {
      findings.push(
        `packet ${number} (${kind}): throws ${error instanceof Error ? error.stack : String(error)}`,
      );
    }
    const tookMs = now() - began;
    answers += answered;
    longestMs = Math.max(longestMs, tookMs);
    if (answered > 0 && target.counters.accepted === accepted)
      findings.push(`packet ${number} (${kind}): answered, and is not authentic`);
    if (target.core.membership.isStopped) {
      // A member with the key may say that this one was started again: then it has to stop, and another one goes on.
      count();
      stopped += 1;
      target = createTarget();
    }
    if (tookMs > PACKET_MS_MAX) findings.push(`packet ${number} (${kind}): takes ${Math.round(tookMs)} ms`);
  }
  count();
  const heapGrowthMiB = (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20;
  if (heapGrowthMiB > HEAP_GROWTH_MIB_MAX) findings.push(`the heap grew by ${Math.round(heapGrowthMiB)} MiB`);
  if (!stillAnswers(target)) findings.push('the member does not answer any more');
  return {
    packets,
    stopped,
    kinds,
    counters,
    answers,
    longestMs,
    members: target.core.view.size,
    heapGrowthMiB,
    findings,
  };
}

function stillAnswers(target: Target): boolean {
  target.pass(10_000);
  const sealer = sealerOf('friend', KEY, CLUSTER, 99);
  const { id, gen } = target.core.self;
  const ping: Message = { kind: PING, seq: 1, target: id, gen, items: NO_ITEMS };
  return target.receive(sealer.seal(encodeMessage(ping), 1, false), false) > 0;
}

/** Makes packets: of true members, of strangers, and of those in between. */
class Senders {
  readonly #true: Sealer;
  /** Of another process with the name of the member under test. */
  readonly #namesake: Sealer;
  readonly #otherKey: Sealer;
  readonly #otherCluster: Sealer;
  readonly #plain: Sealer;
  #last: Buffer | undefined;

  constructor(seed: number) {
    this.#true = sealerOf('b', KEY, CLUSTER, seed);
    this.#namesake = sealerOf('a', KEY, CLUSTER, seed + 1);
    this.#otherKey = sealerOf('b', new Uint8Array(32), CLUSTER, seed);
    this.#otherCluster = sealerOf('b', KEY, 'another', seed);
    this.#plain = sealerOf('b', undefined, CLUSTER, seed);
  }

  packet(draw: Draw, kind: string, isStream: boolean): Uint8Array {
    const body = encodeMessage(
      draw.oneIn(2)
        ? { kind: JOIN, seq: draw.random.uint32(), items: NO_ITEMS }
        : { kind: PING, seq: draw.random.uint32(), target: memberId('a'), gen: 10, items: NO_ITEMS },
    );
    const hostile = hostileBody(draw, kind, body);
    const sender = draw.oneIn(8) ? this.#namesake : this.#true;
    if (hostile !== undefined) return sender.seal(hostile, 1 + draw.below(20), isStream);
    const whole = (sealer: Sealer): Buffer => sealer.seal(body, 1, isStream);
    switch (kind) {
      case 'random bytes':
        return draw.bytes(draw.below(1400));
      case 'random bytes after the header':
        return Buffer.concat([whole(this.#true).subarray(0, HEADER_BYTES), draw.bytes(draw.below(200))]);
      case 'cut': {
        const packet = whole(this.#true);
        return packet.subarray(0, draw.below(packet.length));
      }
      case 'bits flipped':
        return flipped(draw, whole(this.#true));
      case 'bytes put in': {
        const packet = whole(this.#true);
        const at = draw.below(packet.length);
        return Buffer.concat([packet.subarray(0, at), draw.bytes(1 + draw.below(8)), packet.subarray(at)]);
      }
      case 'replayed':
        return this.#last ?? whole(this.#true);
      case 'other cluster':
        return whole(this.#otherCluster);
      case 'other key':
        return whole(this.#otherKey);
      case 'plaintext':
        return whole(this.#plain);
      case 'oversized':
        return Buffer.concat([whole(this.#true), Buffer.alloc(OVERSIZED_BYTES)]);
      default:
        this.#last = whole(this.#true);
        return this.#last;
    }
  }
}

function sealerOf(name: string, key: Uint8Array | undefined, cluster: string, seed: number): Sealer {
  return new Sealer({
    cluster: clusterTag(cluster),
    sender: memberId(name),
    keyring: key && new Keyring([key]),
    random: seededRandom(seed),
  });
}
