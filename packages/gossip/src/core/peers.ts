/**
 * Whom to talk to: random members, and all of them in turn, without a list of those who live.
 *
 *     slot(i) = (stride · i + offset) mod 2^k,  stride odd        visits every slot once, in two numbers
 *
 * A shuffled list per member would be the largest thing that a member has; this costs nothing and is drawn anew for every turn.
 */
import { randomBelow } from '@clortho/base';
import type { MemberRecord } from '../member/member-record.ts';
import { DEAD } from '../member/status.ts';
import type { CoreContext } from './core-context.ts';

const TRIES_PER_PEER = 24;

/** Returns how many other members are thought reachable. */
export function otherReachable({ view, slot }: CoreContext): number {
  const own = view.get(slot);
  return view.reachable - (own !== undefined && own.item.status < DEAD ? 1 : 0);
}

/** Returns up to `count` different members that are thought reachable, at random, without this one and `except`. */
export function randomPeers(context: CoreContext, count: number, except = -1): MemberRecord[] {
  const { view, host, slot: own } = context;
  const { slots } = view.directory;
  const peers: MemberRecord[] = [];
  const wanted = Math.min(count, otherReachable(context));
  const meet = (slot: number): void => {
    if (slot === own || slot === except) return;
    const record = view.get(slot);
    if (record !== undefined && record.item.status < DEAD && !peers.includes(record)) peers.push(record);
  };
  for (let tries = 0; peers.length < wanted && tries < TRIES_PER_PEER * count; tries += 1)
    meet(randomBelow(host.random, slots));
  // Few are left of many: chance does not find them, a walk does.
  const start = peers.length < wanted ? randomBelow(host.random, slots) : 0;
  for (let at = 0; peers.length < wanted && at < slots; at += 1) meet((start + at) % slots);
  return peers;
}

/** Visits all reachable members in turn, in an order that changes with every turn. */
export class ProbeOrder {
  #size = 0;
  #index = 0;
  #stride = 1;
  #offset = 0;

  /** Returns the slot of the next member; `undefined` if there is none. */
  next(context: CoreContext): number | undefined {
    const { view, slot: own } = context;
    // Two turns at most: the rest of this one, and all of the next.
    for (let turns = 0; turns < 2; ) {
      if (this.#index >= this.#size) {
        turns += 1;
        this.#shuffle(context);
      }
      const slot = (Math.imul(this.#stride, this.#index) + this.#offset) & (this.#size - 1);
      this.#index += 1;
      if (slot === own) continue;
      const record = view.get(slot);
      if (record !== undefined && record.item.status < DEAD) return slot;
    }
    return undefined;
  }

  #shuffle({ view, host }: CoreContext): void {
    this.#size = 2 ** Math.ceil(Math.log2(Math.max(2, view.directory.slots)));
    this.#stride = host.random.uint32() | 1;
    this.#offset = host.random.uint32();
    this.#index = 0;
  }
}
