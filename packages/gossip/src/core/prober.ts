/**
 * Failure detection: one member is probed at a time, in stages, and accused only if every way to it failed.
 *
 *     0            timeout                    half of the rest             period
 *     PING ───────► PING, 3 relays, stream ───► PING, 2 more relays ───────► accuse; next member
 *
 * Losing single packets must not start a suspicion, which costs every member of the cluster two rumours: at 10 % loss the
 * three stages fail on a healthy member about three times in 100,000, a ping with three relays 770 times.
 *
 * Invariants:
 * - A process that stood still accuses nobody for what it did not see.
 * - Probes and answers are sent whatever the bandwidth.
 */

import { NO_ITEMS } from '../item/item.ts';
import { MEMBER_ID_BYTES } from '../member/member-id.ts';
import { ALIVE } from '../member/status.ts';
import {
  ACK,
  type Ack,
  NACK,
  PING,
  PING_REQUEST,
  type Ping,
  type PingRequest,
  RUMOUR,
} from '../wire/message.ts';
import { type CoreContext, ownRecord, sendProbe } from './core-context.ts';
import type { Origin, Sender } from './core-host.ts';
import { PROBE_LATE, PROBE_ROUND, RELAY_LATE } from './deadlines.ts';
import type { Membership } from './membership.ts';
import { ProbeOrder, randomPeers } from './peers.ts';

interface Probe {
  readonly slot: number;
  readonly seq: number;
  readonly id: number;
  readonly gen: number;
  stage: 0 | 1 | 2;
  isAnswered: boolean;
  isVoid: boolean;
  /** Relays asked, and those that answered in whatever way. */
  asked: number;
  answered: number;
}

interface Errand {
  readonly origin: Origin;
  readonly seq: number;
}

const ERRANDS_MAX = 1024;
/** A relay says that it is there when so much of the time-out has passed. */
const NACK_FRACTION = 0.8;
const MEMBER_IDS: number = 2 ** (8 * MEMBER_ID_BYTES);

/** Probes others, answers probes, and probes on behalf of others. */
export class Prober {
  readonly #context: CoreContext;
  readonly #membership: Membership;
  readonly #order = new ProbeOrder();
  readonly #errands = new Map<number, Errand>();
  #probe: Probe | undefined;

  /** Creates a prober that reports to `membership`. */
  constructor(context: CoreContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** Ends the probe under way and begins the next one. */
  round(): void {
    const { tuning, host, deadlines, health, counters, view } = this.#context;
    const ended = this.#probe;
    if (ended !== undefined && !ended.isVoid) {
      // If the relays are silent too, the fault is probably ours, or the network's: more patience is due.
      if (ended.answered * 2 < ended.asked) health.worsen();
      if (!ended.isAnswered) this.#fail(ended);
    }
    const now = host.now();
    deadlines.add(now + tuning.probeMs * health.multiplier, PROBE_ROUND, 0);
    const slot = this.#order.next(this.#context);
    const record = slot === undefined ? undefined : view.get(slot);
    if (slot === undefined || record === undefined) {
      this.#probe = undefined;
      return;
    }
    counters.probes += 1;
    const seq = this.#context.nextSeq();
    this.#probe = {
      slot,
      seq,
      id: record.item.id,
      gen: record.item.gen,
      stage: 0,
      isAnswered: false,
      isVoid: false,
      asked: 0,
      answered: 0,
    };
    this.#ping(slot, seq);
    deadlines.add(now + tuning.probeTimeoutMs * health.multiplier, PROBE_LATE, seq);
  }

  /** Goes on to the next stage of a probe that is not answered. */
  late(seq: number): void {
    const probe = this.#probe;
    if (probe === undefined || probe.seq !== seq || probe.isAnswered) return;
    const { tuning, deadlines, health, host } = this.#context;
    const record = this.#context.view.get(probe.slot);
    if (record === undefined) return;
    probe.stage = probe.stage === 0 ? 1 : 2;
    const { id, gen, address } = record.item;
    this.#ping(probe.slot, seq);
    const relays = probe.stage === 1 ? tuning.relays : Math.ceil((tuning.relays * 2) / 3);
    for (const relay of randomPeers(this.#context, relays, probe.slot)) {
      const request: PingRequest = { kind: PING_REQUEST, seq, target: id, gen, address, items: NO_ITEMS };
      sendProbe(this.#context, relay.item.address, request, undefined);
      probe.asked += 1;
    }
    if (probe.stage === 2) return;
    host.sendOverStream(address, { kind: PING, seq, target: id, gen, items: NO_ITEMS });
    const rest = (tuning.probeMs - tuning.probeTimeoutMs) / 2;
    deadlines.add(host.now() + rest * health.multiplier, PROBE_LATE, seq);
  }

  /** Pings a member apart from the rounds, with what is thought of it. */
  pingNow(slot: number): void {
    this.#ping(slot, this.#context.nextSeq());
  }

  /** Answers a ping, if it is meant for this start of this member. */
  onPing(message: Ping, slot: number | undefined, sender: Sender, origin: Origin): void {
    const own = ownRecord(this.#context).item;
    const isForUs = message.target === own.id && message.gen === own.gen;
    // Who thinks badly of us gets our objection with the answer, and we tell what we think of it.
    const opinion = slot === undefined ? undefined : this.#context.view.get(slot)?.item;
    const isBad = opinion !== undefined && (opinion.status !== ALIVE || opinion.gen > sender.gen);
    if (isForUs)
      this.#answer(origin, { kind: ACK, seq: message.seq, items: NO_ITEMS }, isBad ? opinion : undefined);
    else this.#answer(origin, { kind: RUMOUR, items: NO_ITEMS }, own);
  }

  /** Takes an answer to a probe of this member, or to one that it passed on. */
  onAck({ seq }: Ack, slot: number | undefined): void {
    const probe = this.#probe;
    if (probe !== undefined && probe.seq === seq) {
      if (slot !== probe.slot) probe.answered += 1;
      if (!probe.isAnswered && probe.stage === 0) this.#context.health.improve();
      probe.isAnswered = true;
      return;
    }
    const errand = this.#errands.get(seq);
    if (errand === undefined) return;
    this.#errands.delete(seq);
    this.#answer(errand.origin, { kind: ACK, seq: errand.seq, items: NO_ITEMS }, undefined);
  }

  /** Takes the word of a relay that it had no answer. */
  onNack(seq: number): void {
    if (this.#probe?.seq === seq) this.#probe.answered += 1;
  }

  /** Probes a member on behalf of another. */
  onPingRequest({ seq, target, gen, address }: PingRequest, origin: Origin): void {
    if (this.#errands.size >= ERRANDS_MAX || target >= MEMBER_IDS) return;
    const { deadlines, host, tuning } = this.#context;
    const own = this.#context.nextSeq();
    this.#errands.set(own, { origin, seq });
    deadlines.add(host.now() + tuning.probeTimeoutMs * NACK_FRACTION, RELAY_LATE, own);
    sendProbe(this.#context, address, { kind: PING, seq: own, target, gen, items: NO_ITEMS }, undefined);
  }

  /** Tells the one on whose behalf a member was probed that it did not answer in time. */
  relayLate(seq: number): void {
    const errand = this.#errands.get(seq);
    if (errand === undefined) return;
    this.#errands.delete(seq);
    this.#answer(errand.origin, { kind: NACK, seq: errand.seq, items: NO_ITEMS }, undefined);
  }

  /** Makes the probe under way count for nothing: this process stood still. */
  void(): void {
    if (this.#probe !== undefined) this.#probe.isVoid = true;
  }

  /** Notes that a member is there, whatever it said. */
  heardFrom(slot: number): void {
    if (this.#probe?.slot === slot) this.#probe.isAnswered = true;
  }

  #fail(probe: Probe): void {
    const { counters, view } = this.#context;
    counters.probesFailed += 1;
    const item = view.get(probe.slot)?.item;
    // Slots are given out again: whoever has this one may not have been asked.
    if (item?.id === probe.id && item.gen === probe.gen) this.#membership.accuse(probe.slot);
  }

  #ping(slot: number, seq: number): void {
    const record = this.#context.view.get(slot);
    if (record === undefined) return;
    const { item } = record;
    const ping: Ping = { kind: PING, seq, target: item.id, gen: item.gen, items: NO_ITEMS };
    sendProbe(this.#context, item.address, ping, item.status === ALIVE ? undefined : item);
  }

  #answer(
    origin: Origin,
    message: Parameters<typeof sendProbe>[2],
    first: Parameters<typeof sendProbe>[3],
  ): void {
    if (typeof origin === 'string') sendProbe(this.#context, origin, message, first);
    else origin.answer([first === undefined ? message : { ...message, items: [first] }]);
  }
}
