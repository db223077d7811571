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
import { NO_ITEMS } from '../item/item.ts';
import { type Message, NO_BYTES, PAGE, type Page, RUMOUR } from '../wire/message.ts';
import { encodeState, stateOf } from '../wire/page-entries.ts';
import { ANNOUNCEMENT_SEQ } from './announcements.ts';
import { type CoreContext, roundBytes, sendIfAffordable, transmitLimit } from './core-context.ts';
import { GOSSIP_ROUND } from './deadlines.ts';
import { otherReachable, randomPeers } from './peers.ts';

/** Chance spreads the first rounds of neighbours over this part of a round, so that what comes together goes together. */
const FIRST_FRACTION = 0.15;

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
    const { queue, announcements, tuning, host, deadlines } = this.#context;
    if (this.#isArmed || queue.size + announcements.size === 0) return;
    if (otherReachable(this.#context) === 0) return;
    this.#isArmed = true;
    const soon = host.now() + tuning.gossipMs * FIRST_FRACTION * randomFraction(host.random);
    deadlines.add(Math.max(soon, this.#lastRoundAt + tuning.gossipMs), GOSSIP_ROUND, 0);
  }

  /** Sends one round. */
  round(): void {
    const { queue, tuning, host } = this.#context;
    this.#isArmed = false;
    this.#lastRoundAt = host.now();
    const each = queue.size > 0 ? roundBytes(this.#context, tuning.fanout) : 0;
    const peers = each > 0 ? randomPeers(this.#context, tuning.fanout) : [];
    if (peers.length > 0) {
      const items = queue.take(each, peers.length, transmitLimit(this.#context));
      const message: Message = { kind: RUMOUR, items };
      if (items.length > 0)
        for (const { item } of peers) sendIfAffordable(this.#context, item.address, message);
    }
    this.#announce();
    this.arm();
  }

  /** Tells of whom there is something new that rumours do not hold. */
  #announce(): void {
    const { announcements, view, tuning } = this.#context;
    if (announcements.size === 0) return;
    const peers = randomPeers(this.#context, tuning.fanout);
    const states = announcements
      .take(peers.length, transmitLimit(this.#context))
      .flatMap((id) => view.of(id) ?? [])
      .map((record) => encodeState(stateOf(record)));
    const page: Page = {
      kind: PAGE,
      seq: ANNOUNCEMENT_SEQ,
      whole: NO_BYTES,
      states: new Uint8Array(Buffer.concat(states)),
      items: NO_ITEMS,
    };
    if (states.length > 0) for (const { item } of peers) sendIfAffordable(this.#context, item.address, page);
  }
}
