/**
 * Anti-entropy: two members compare digests and exchange what differs. It repairs what rumours missed, and carries lazy keys.
 *
 *     I ── SYNC root, buckets if a difference is likely ──► R      equal: SAME, and that was all
 *     I ◄── BUCKETS ────────────────────────────────────── R      roots differ, and R knows only that
 *     I ◄── PAGE states of the buckets that differ ─────── R      with the items that R changed last
 *     I ── DELTA what R lacks, WANT what I lacks ─────────► R
 *     I ◄── DELTA ──────────────────────────────────────── R
 *
 * Every message can be answered from its contents alone, so nothing is kept between them but one number. As long as nothing
 * changes, an exchange is two packets of less than 100 bytes, whatever the size of the cluster.
 *
 * Invariants:
 * - What comes this way revives nobody; see `membership.ts`.
 * - An exchange sends at most `PAGES_MAX` pages and as many deltas, in the order in which buckets come from a random one on.
 */
import { randomBelow, randomFraction } from '@clortho/base';
import { type Item, type MemberItem, NO_ITEMS } from '../item/item.ts';
import { ANSWER_BYTES_MAX, ANSWERS_BYTES_MAX } from '../item/limits.ts';
import type { MemberRecord } from '../member/member-record.ts';
import { BUCKETS } from '../member/member-view.ts';
import {
  BUCKETS_ARE,
  type BucketsAre,
  DELTA,
  type Delta,
  type Message,
  NO_BYTES,
  PAGE,
  type Page,
  SAME,
  SYNC,
  type Sync,
  WANT,
  type Want,
} from '../wire/message.ts';
import {
  decodeStates,
  decodeWants,
  encodeState,
  encodeWant,
  type MemberState,
  type MemberWant,
  STATE_BYTES_MAX,
  stateOf,
} from '../wire/page-entries.ts';
import { ANNOUNCEMENT_SEQ } from './announcements.ts';
import { type CoreContext, ownRecord, roomBehind, sendIfAffordable } from './core-context.ts';
import type { Origin } from './core-host.ts';
import { SYNC_LATE, SYNC_ROUND } from './deadlines.ts';
import { deltaSince, itemCost, type Lacking, lackingOf } from './delta-items.ts';
import { Fetcher } from './fetcher.ts';
import type { Membership } from './membership.ts';
import { randomPeers } from './peers.ts';
import { RecentChanges } from './recent-changes.ts';

const PAGES_MAX = 8;
/** Up to so many members one page says more than the buckets would. */
const FULL_PAGE_MEMBERS = 40;
/** More wants than this go over a stream. */
const STREAM_WANTS = 200;
const STREAM_MESSAGE_BYTES = 262_144;
/** What is sent over a stream, with something left for the heads of messages and packets. */
const STREAM_BYTES_MAX: number = ANSWERS_BYTES_MAX - ANSWER_BYTES_MAX;
/** What a page leaves for facts that changed last. */
const RECENT_BYTES: number = STATE_BYTES_MAX + 160;
const LANE_BYTES = BUCKETS * 4;
const ALL_BUCKETS: readonly number[] = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** A member and up to which version its keys are known where it is wanted. */
interface Wanted {
  readonly record: MemberRecord;
  readonly from: number;
}

interface Exchange {
  readonly seq: number;
  readonly attempt: number;
}

/** Compares and exchanges with others. */
export class Synchroniser {
  /** The members that changed last. */
  readonly recent: RecentChanges = new RecentChanges();
  readonly #context: CoreContext;
  readonly #membership: Membership;
  readonly #fetcher: Fetcher;
  #exchange: Exchange | undefined;
  #lane = 0;
  /** Whether the last exchange found a difference, or none took place: then the next one is likely to find one. */
  #expectsDifference = false;

  /** Creates a synchroniser that tells what `membership` still tells. */
  constructor(context: CoreContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
    this.#fetcher = new Fetcher(context, membership);
  }

  /** Begins an exchange with a random member. */
  round(): void {
    const { deadlines, host, tuning } = this.#context;
    deadlines.add(host.now() + tuning.syncMs * (0.9 + 0.2 * randomFraction(host.random)), SYNC_ROUND, 0);
    this.#lane = 1 - this.#lane;
    this.#begin(1);
  }

  /** Asks another member if an exchange was not answered. */
  late(seq: number): void {
    const exchange = this.#exchange;
    if (exchange?.seq === seq && exchange.attempt < this.#context.tuning.syncAttempts)
      this.#begin(exchange.attempt + 1);
  }

  /** Begins an exchange with an address, whoever is there. */
  beginWith(address: string): void {
    sendIfAffordable(
      this.#context,
      address,
      this.#sync(this.#context.nextSeq(), [ownRecord(this.#context).item]),
    );
  }

  /** Answers the beginning of an exchange. */
  onSync(message: Sync, origin: Origin): void {
    const { view } = this.#context;
    const { seq, lane, rootLow, rootHigh, buckets } = message;
    if (rootLow === view.rootLow && rootHigh === view.rootHigh) {
      this.#send(origin, { kind: SAME, seq, items: NO_ITEMS });
    } else if (view.size <= FULL_PAGE_MEMBERS) {
      this.#sendPages(origin, seq, ALL_BUCKETS);
    } else if (buckets.length === LANE_BYTES) {
      this.#sendPages(origin, seq, this.#differing(lane, buckets));
    } else {
      this.#send(
        origin,
        this.#withRecent({ kind: BUCKETS_ARE, seq, lane, buckets: this.#buckets(lane), items: NO_ITEMS }),
      );
    }
  }

  /** Notes that an exchange found no difference. */
  onSame(seq: number): void {
    if (this.#exchange?.seq !== seq) return;
    this.#exchange = undefined;
    this.#expectsDifference = false;
    this.#context.counters.syncsSame += 1;
  }

  /** Sends the states of the buckets that differ. */
  onBuckets({ seq, lane, buckets }: BucketsAre, origin: Origin): void {
    this.#answered(seq);
    this.#sendPages(origin, seq, this.#differing(lane, buckets));
  }

  /** Sends what the other lacks, and asks for what this member lacks. */
  onPage({ seq, whole, states }: Page, sender: number | undefined, origin: Origin): void {
    this.#answered(seq);
    const theirs = decodeStates(states);
    if (theirs === undefined) return;
    if (seq === ANNOUNCEMENT_SEQ) return this.#fetchAnnounced(theirs, sender);
    const { view } = this.#context;
    const wants: Uint8Array[] = [];
    const lacking: Lacking[] = [];
    const large: Uint8Array[] = [];
    const offer = (record: MemberRecord, withMember: boolean, from: number): void => {
      const lacks = lackingOf(record, withMember, from);
      lacking.push(lacks);
      if (lacks.hasLarge) large.push(encodeWant({ id: record.item.id, gen: record.item.gen, from }));
    };
    const listed = new Set<number>();
    for (const state of theirs) {
      listed.add(state.id);
      const record = view.of(state.id);
      const order = record === undefined ? 1 : compareStates(state, record);
      const isSameGen = record?.item.gen === state.gen;
      const { max = 0, gc = 0 } = isSameGen ? record.kv : {};
      const isAheadInKeys = isSameGen && (gc > state.gc || (gc === state.gc && max > state.max));
      if (order > 0 || (isSameGen && isBehindInKeys(record, state)))
        wants.push(encodeWant({ id: state.id, gen: state.gen, from: max }));
      if (record !== undefined && (order < 0 || isAheadInKeys))
        offer(record, order < 0, isSameGen ? state.max : 0);
    }
    if (whole.length > 0) this.#offerUnlisted(whole, listed, offer);
    this.#sendDeltas(origin, seq, lacking, large);
    this.#sendWants(origin, sender, seq, wants);
  }

  /** Fetches what members changed that are known here; of others exchanges tell. */
  #fetchAnnounced(theirs: readonly MemberState[], sender: number | undefined): void {
    const { view, announcements, id } = this.#context;
    if (this.#fetcher.addressOf(sender) === undefined) return;
    const behind = theirs.filter((state) => {
      const record = view.of(state.id);
      return state.id !== id && record?.item.gen === state.gen && record.kv.max < state.max;
    });
    for (const state of behind) announcements.expect(state);
    this.#fetcher.fetch(sender, behind);
  }

  /** Sends what was asked for. Over a stream everything, otherwise what datagrams hold. */
  onWant({ seq, wants }: Want, origin: Origin): void {
    const list = decodeWants(wants);
    if (list === undefined) return;
    const wanted = this.#wanted(list);
    if (typeof origin !== 'string') {
      origin.answer(this.#answers(seq, wanted));
      return;
    }
    const large: Uint8Array[] = [];
    const lacking: Lacking[] = [];
    for (const { record, from } of wanted) {
      const { id, gen } = record.item;
      const lacks = lackingOf(record, true, from);
      lacking.push(lacks);
      if (lacks.hasLarge) large.push(encodeWant({ id, gen, from }));
    }
    this.#sendDeltas(origin, seq, lacking, large);
  }

  /** Fetches over a stream what an answer could not hold. */
  onDelta({ large }: Delta, sender: number | undefined): void {
    const list = large.length === 0 ? undefined : decodeWants(large);
    if (list === undefined) return;
    const { view } = this.#context;
    const told = list.map(({ id, gen }) => {
      const known = view.of(id);
      // How much there is it does not say: more than is known.
      return { id, gen, max: known?.item.gen === gen ? known.kv.max + 1 : 1 };
    });
    this.#fetcher.fetch(sender, told);
  }

  /** Tells somebody who joins everything. */
  onJoin(seq: number, origin: Origin): void {
    if (typeof origin === 'string') return;
    const everybody = [...this.#told()].map((record) => ({ record, from: 0 }));
    origin.answer(this.#answers(seq, everybody));
  }

  /** Returns what is known of the members of a list, of each once. */
  #wanted(list: readonly MemberWant[]): Wanted[] {
    const wanted = new Map<number, Wanted>();
    for (const { id, gen, from } of list) {
      const record = this.#context.view.of(id);
      if (record !== undefined && !wanted.has(id))
        wanted.set(id, { record, from: record.item.gen === gen ? from : 0 });
    }
    return [...wanted.values()];
  }

  #begin(attempt: number): void {
    const { host, tuning, deadlines, counters } = this.#context;
    const [peer] = randomPeers(this.#context, 1);
    if (peer === undefined) return;
    const seq = this.#context.nextSeq();
    this.#exchange = { seq, attempt };
    counters.syncs += 1;
    sendIfAffordable(this.#context, peer.item.address, this.#sync(seq, NO_ITEMS));
    deadlines.add(host.now() + tuning.syncTimeoutMs, SYNC_LATE, seq);
  }

  #sync(seq: number, items: readonly Item[]): Sync {
    const { view } = this.#context;
    const { rootLow, rootHigh } = view;
    const withBuckets = this.#expectsDifference && view.size > FULL_PAGE_MEMBERS;
    const buckets = withBuckets ? this.#buckets(this.#lane) : NO_BYTES;
    const sync: Sync = { kind: SYNC, seq, lane: this.#lane, rootLow, rootHigh, buckets, items };
    return this.#expectsDifference && items.length === 0 ? this.#withRecent(sync) : sync;
  }

  #answered(seq: number): void {
    if (this.#exchange?.seq !== seq) return;
    this.#exchange = undefined;
    this.#expectsDifference = true;
  }

  #buckets(lane: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(LANE_BYTES);
    const xors = this.#context.view.lanes[lane === 0 ? 0 : 1];
    for (let bucket = 0; bucket < BUCKETS; bucket += 1)
      bytes.writeUInt32BE(xors[bucket] as number, 4 * bucket);
    return bytes;
  }

  #differing(lane: number, theirs: Uint8Array): number[] {
    const xors = this.#context.view.lanes[lane === 0 ? 0 : 1];
    const view = new DataView(theirs.buffer, theirs.byteOffset, theirs.length);
    return ALL_BUCKETS.filter((bucket) => view.getUint32(4 * bucket) !== xors[bucket]);
  }

  #sendPages(origin: Origin, seq: number, differing: readonly number[]): void {
    const { host, tuning } = this.#context;
    if (differing.length === 0) return;
    const start = randomBelow(host.random, differing.length);
    const turn = new Map(
      differing.map((bucket, index) => [bucket, (index + differing.length - start) % differing.length]),
    );
    const byBucket: Uint8Array[][] = differing.map(() => []);
    for (const record of this.#told()) {
      const index = turn.get(record.item.id % BUCKETS);
      if (index !== undefined) byBucket[index]?.push(encodeState(stateOf(record)));
    }
    const empty: Page = { kind: PAGE, seq, whole: NO_BYTES, states: NO_BYTES, items: NO_ITEMS };
    // Room for the longer heads of long lists, for a state that is longer than others, and for what changed last.
    const room = Math.min(tuning.datagramBytes, roomBehind(this.#context, empty)) - RECENT_BYTES;
    let whole: number[] = [];
    let states: Uint8Array[] = [];
    let left = room;
    let pages = 0;
    const flush = (): void => {
      if (states.length === 0 && whole.length === 0) return;
      pages += 1;
      const lists = { whole: new Uint8Array(whole), states: new Uint8Array(Buffer.concat(states)) };
      this.#send(origin, this.#withRecent({ ...empty, ...lists }));
      whole = [];
      states = [];
      left = room;
    };
    const buckets = differing.map((_, index) => differing[(index + start) % differing.length] as number);
    for (const [index, bucket] of buckets.entries()) {
      const entries = byBucket[index] as Uint8Array[];
      const bytes = entries.reduce((sum, { length }) => sum + length, 1);
      if (bytes > left && left < room) flush();
      if (pages >= PAGES_MAX) return;
      if (bytes <= left) {
        whole.push(bucket);
        states.push(...entries);
        left -= bytes;
        continue;
      }
      for (const entry of entries) {
        if (entry.length > left) flush();
        states.push(entry);
        left -= entry.length;
      }
    }
    if (pages < PAGES_MAX) flush();
  }

  /** Returns a message with the facts that changed last, as many as fit: they are what the other probably lacks. */
  #withRecent<M extends Message>(message: M): M {
    const { view, host } = this.#context;
    let left = roomBehind(this.#context, message);
    const items: Item[] = [];
    for (const item of this.recent.newest(host.now())) {
      // Who was forgotten meanwhile would be brought back.
      if (view.of(item.id) === undefined) continue;
      const cost = itemCost(item);
      if (cost > left) continue;
      left -= cost;
      items.push(item);
    }
    return { ...message, items };
  }

  *#told(): Generator<MemberRecord> {
    for (const [slot, record] of this.#context.view.records())
      if (!this.#membership.isFading(slot)) yield record;
  }

  #offerUnlisted(
    whole: Uint8Array,
    listed: ReadonlySet<number>,
    offer: (record: MemberRecord, withMember: boolean, from: number) => void,
  ): void {
    const buckets = new Set(whole);
    for (const record of this.#told())
      if (buckets.has(record.item.id % BUCKETS) && !listed.has(record.item.id)) offer(record, true, 0);
  }

  /** Sends items in as many datagrams as they take, the members with the least to tell first. */
  #sendDeltas(origin: Origin, seq: number, lacking: readonly Lacking[], large: readonly Uint8Array[]): void {
    const most = roomBehind(this.#context, { kind: DELTA, seq, more: 0, large: NO_BYTES, items: NO_ITEMS });
    const sorted = lacking
      .map(({ items }) => ({ items, bytes: items.reduce((sum, item) => sum + itemCost(item), 0) }))
      .flatMap((group) =>
        group.bytes <= most ? [group] : group.items.map((item) => ({ items: [item], bytes: itemCost(item) })),
      )
      .filter(({ bytes }) => bytes > 0)
      .sort((left, right) => left.bytes - right.bytes);
    if (sorted.length === 0 && large.length === 0) return;
    const largeBytes = new Uint8Array(Buffer.concat(large.slice(0, 20)));
    const empty: Delta = { kind: DELTA, seq, more: 0, large: largeBytes, items: NO_ITEMS };
    let room = roomBehind(this.#context, empty);
    let items: Item[] = [];
    let sent = 0;
    const flush = (): void => {
      if (sent < PAGES_MAX)
        this.#send(origin, { ...empty, large: sent === 0 ? largeBytes : NO_BYTES, items });
      sent += 1;
      items = [];
      room = roomBehind(this.#context, { ...empty, large: NO_BYTES });
    };
    for (const { items: more, bytes } of sorted) {
      if (bytes > room) flush();
      items.push(...more);
      room -= bytes;
    }
    flush();
  }

  #sendWants(origin: Origin, sender: number | undefined, seq: number, wants: readonly Uint8Array[]): void {
    if (wants.length === 0) return;
    const address = typeof origin === 'string' ? this.#fetcher.addressOf(sender) : undefined;
    if (wants.length > STREAM_WANTS && address !== undefined) {
      const all: Want = { kind: WANT, seq, wants: new Uint8Array(Buffer.concat(wants)), items: NO_ITEMS };
      this.#context.host.sendOverStream(address, all);
      return;
    }
    const empty: Want = { kind: WANT, seq, wants: NO_BYTES, items: NO_ITEMS };
    const room = roomBehind(this.#context, empty) - 2;
    let part: Uint8Array[] = [];
    let left = room;
    const flush = (): void => {
      this.#send(origin, { ...empty, wants: new Uint8Array(Buffer.concat(part)) });
      part = [];
      left = room;
    };
    for (const want of wants) {
      if (want.length > left) flush();
      part.push(want);
      left -= want.length;
    }
    flush();
  }

  /** Yields members and their keys, the members first; what is beyond the bound of all answers comes another time. */
  *#answers(seq: number, wanted: readonly Wanted[]): Generator<Message> {
    let items: Item[] = [];
    let bytes = 0;
    let all = 0;
    for (const item of itemsOf(wanted)) {
      const cost = itemCost(item);
      all += cost;
      if (all > STREAM_BYTES_MAX) break;
      if (bytes > 0 && bytes + cost > STREAM_MESSAGE_BYTES) {
        yield { kind: DELTA, seq, more: 1, large: NO_BYTES, items };
        items = [];
        bytes = 0;
      }
      items.push(item);
      bytes += cost;
    }
    yield { kind: DELTA, seq, more: 0, large: NO_BYTES, items };
  }

  #send(origin: Origin, message: Message): void {
    if (typeof origin === 'string') sendIfAffordable(this.#context, origin, message);
    else origin.answer([message]);
  }
}

function* itemsOf(wanted: readonly Wanted[]): Generator<Item> {
  for (const { record } of wanted) yield record.item;
  for (const { record, from } of wanted) {
    const delta = deltaSince(record, from, Number.POSITIVE_INFINITY);
    if (delta !== undefined) yield delta;
  }
}

/** Tells whether a state of the same generation has changes that a record has not. */
function isBehindInKeys({ kv }: MemberRecord, { max, gc }: MemberState): boolean {
  return gc > kv.gc || (gc === kv.gc && max > kv.max);
}

/** Compares a state with a record: positive if the state replaces its membership. */
function compareStates(state: MemberState, { item }: { readonly item: MemberItem }): number {
  return state.gen - item.gen || state.inc - item.inc || state.status - item.status;
}
