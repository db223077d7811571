/**
 * Rounds of rumours: what is in the queue goes to a few random members, again and again until everybody has it.
 *
 * The first round of a rumour begins at once, not at the next tick: in a quiet cluster it crosses the first half of all
 * members in a few round trips. Without rumours there are no rounds.
 *
 * Invariants:
 * - Two rounds are at least `gossipMs` apart.
 */
import { randomFraction } from '@clortho/base';
import { type Message, RUMOUR } from '../wire/message.ts';
import { messageBytes } from '../wire/message-codec.ts';
import { PACKET_OVERHEAD_BYTES } from '../wire/packet-header.ts';
import { type CoreContext, roomBehind, sendIfAffordable, transmitLimit } from './core-context.ts';
import { GOSSIP_ROUND } from './deadlines.ts';
import { otherReachable, randomPeers } from './peers.ts';

/** Chance spreads the first rounds of neighbours over this part of a round, so that what comes together goes together. */
const FIRST_FRACTION = 0.15;
const NOTHING: Message = { kind: RUMOUR, items: [] };

/** Spreads the rumours of the queue. */
export class Spreader {
  readonly #context: CoreContext;
  #lastRoundAt = Number.NEGATIVE_INFINITY;
  #isArmed = false;

  /** Creates a spreader that has nothing to do. */
  constructor(context: CoreContext) {
    this.#context = context;
  }

  /** Begins rounds if there is something to tell. */
  arm(): void {
    const { queue, tuning, host, deadlines } = this.#context;
    if (this.#isArmed || queue.size === 0 || otherReachable(this.#context) === 0) return;
    this.#isArmed = true;
    const soon = host.now() + tuning.gossipMs * FIRST_FRACTION * randomFraction(host.random);
    deadlines.add(Math.max(soon, this.#lastRoundAt + tuning.gossipMs), GOSSIP_ROUND, 0);
  }

  /** Sends one round. */
  round(): void {
    const { queue, tuning, host } = this.#context;
    this.#isArmed = false;
    this.#lastRoundAt = host.now();
    const each = this.#affordable(tuning.fanout);
    const peers = each > 0 ? randomPeers(this.#context, tuning.fanout) : [];
    if (peers.length > 0) {
      const items = queue.take(each, peers.length, transmitLimit(this.#context));
      const message: Message = { kind: RUMOUR, items };
      if (items.length > 0)
        for (const { item } of peers) sendIfAffordable(this.#context, item.address, message);
    }
    this.arm();
  }

  /** Returns how many bytes of items a packet to each of `peers` may have: what is counted as told has to be sent. */
  #affordable(peers: number): number {
    const { budget, host } = this.#context;
    const room = roomBehind(this.#context, NOTHING);
    const share =
      Math.floor(budget.forRumours(host.now()) / peers) - PACKET_OVERHEAD_BYTES - messageBytes(NOTHING);
    return Math.min(room, share);
  }
}
