/**
 * The protocol of one member, without I/O: time, chance and the network come from a host.
 *
 *     host ── handle(message) ──► GossipCore ── send, emit ──► host
 *          ── wake() at wakeAt ─►
 *
 * Invariants:
 * - Nothing happens but in a call; a call never waits.
 * - A stopped core sends nothing and changes nothing.
 */
import type { Item, MemberItem } from '../item/item.ts';
import { NO_ITEMS } from '../item/item.ts';
import { memberItem } from '../item/item-codec.ts';
import type { KeyValues } from '../kv/key-values.ts';
import { compareItems, type RecordFactory, recordFactory } from '../member/member-record.ts';
import type { MemberView } from '../member/member-view.ts';
import { ALIVE, DEAD, LEFT, SUSPECT } from '../member/status.ts';
import {
  ACK,
  BUCKETS_ARE,
  DELTA,
  JOIN,
  type Join,
  type Message,
  NACK,
  NO_BYTES,
  PAGE,
  PING,
  PING_REQUEST,
  RUMOUR,
  SAME,
  SYNC,
  WANT,
} from '../wire/message.ts';
import { Announcements } from './announcements.ts';
import { ByteBudget } from './byte-budget.ts';
import { type CoreContext, ownRecord, sendProbe } from './core-context.ts';
import type { CoreHost, Origin, Sender } from './core-host.ts';
import { type Counters, zeroCounters } from './counters.ts';
import {
  Deadlines,
  type Due,
  GOSSIP_ROUND,
  HOUSEKEEPING,
  PROBE_LATE,
  PROBE_ROUND,
  RELAY_LATE,
  SUSPICION_ENDS,
  SYNC_LATE,
  SYNC_ROUND,
} from './deadlines.ts';
import { LocalHealth } from './local-health.ts';
import { Membership, type Source } from './membership.ts';
import { OwnValues } from './own-values.ts';
import { randomPeers } from './peers.ts';
import { Prober } from './prober.ts';
import { RumourQueue } from './rumour-queue.ts';
import { Spreader } from './spreader.ts';
import { Synchroniser } from './synchroniser.ts';
import { TUNING, type Tuning } from './tuning.ts';

/** What a member begins with. */
export interface CoreOptions {
  readonly name: string;
  readonly address: string;
  /** Which start this is: greater than that of every earlier one with the name. */
  readonly gen: number;
  readonly host: CoreHost;
  /** What is known already; usually nothing. */
  readonly view: MemberView;
  readonly tuning?: Partial<Tuning> | undefined;
  /** By default every member makes its own records. */
  readonly records?: RecordFactory | undefined;
}

const HOUSEKEEPING_MS = 1_000;
const VERIFIED_PER_SECOND = 40;
const LEAVE_PEERS = 6;
const DEGRADED_SCORE = 4;
/** How long another start of this name is given to take over what this one knows. */
const NAMESAKE_MS = 1_000;

/** One member. */
export class GossipCore {
  readonly values: OwnValues;
  readonly membership: Membership;
  readonly #context: CoreContext;
  readonly #prober: Prober;
  readonly #spreader: Spreader;
  readonly #synchroniser: Synchroniser;
  readonly #due: Due = { kind: 0, argument: 0 };
  readonly #leaveSeqs = new Set<number>();
  #leaveAcks = 0;
  #healAt = 0;
  #wasDegraded = false;
  /** The latest of the other starts of this name that have asked to join, and when the first of them did. */
  #namesake: { readonly item: MemberItem; readonly since: number } | undefined;
  /** Until when it is known that this process stood still. */
  #pausedUntil = Number.NEGATIVE_INFINITY;

  /** Creates a member that knows what its view knows, and itself. */
  constructor(options: CoreOptions) {
    const { name, address, gen, host, view, tuning } = options;
    const item = memberItem({ name, address, gen, inc: 0, status: ALIVE, by: 0 });
    const slot = view.directory.intern(name, item.id) as number;
    const merged = { ...TUNING, ...tuning };
    let seq = host.random.uint32();
    this.#context = {
      tuning: merged,
      host,
      view,
      records: options.records ?? recordFactory,
      deadlines: new Deadlines(),
      health: new LocalHealth(),
      budget: new ByteBudget(merged.bytesPerSecond, host.now()),
      counters: zeroCounters(),
      queue: new RumourQueue(),
      announcements: new Announcements(),
      slot,
      id: item.id,
      nextSeq() {
        seq = (seq + 1) >>> 0;
        return seq;
      },
    };
    const known = view.get(slot);
    if (known === undefined || known.item.gen !== gen) {
      view.set(slot, this.#context.records.withItem(undefined, item));
      this.#context.queue.addMember(item);
    }
    this.membership = new Membership(this.#context);
    this.values = new OwnValues(this.#context);
    this.#prober = new Prober(this.#context, this.membership);
    this.#spreader = new Spreader(this.#context);
    this.#synchroniser = new Synchroniser(this.#context, this.membership);
    this.#begin();
  }

  /** When {@link wake} is to be called. */
  get wakeAt(): number {
    return this.membership.isStopped ? Number.POSITIVE_INFINITY : this.#context.deadlines.next;
  }

  /** What is known of the cluster. */
  get view(): MemberView {
    return this.#context.view;
  }

  /** The member's own fact. */
  get self(): MemberItem {
    return ownRecord(this.#context).item;
  }

  /** Figures since the start. */
  get counters(): Readonly<Counters> {
    return this.#context.counters;
  }

  /** The local health: 0 for healthy, up to 7. */
  get healthScore(): number {
    return this.#context.health.score;
  }

  /** How many rumours wait. */
  get rumours(): number {
    return this.#context.queue.size;
  }

  /** How many peers have taken note that this member leaves. */
  get leaveAcks(): number {
    return this.#leaveAcks;
  }

  /** Does what is due. */
  wake(): void {
    const { deadlines, host } = this.#context;
    if (this.membership.isStopped) return;
    this.#notePause();
    const now = host.now();
    while (!this.membership.isStopped && deadlines.take(now, this.#due)) this.#run(this.#due);
    this.#spreader.arm();
  }

  /** Takes a message that was authenticated as `sender`'s. */
  handle(message: Message, sender: Sender, origin: Origin): void {
    if (this.membership.isStopped) return;
    this.#notePause();
    if (message.kind === JOIN && sender.id === this.#context.id) return this.#meetNamesake(message, origin);
    const before = this.#context.deadlines.next;
    const { directory } = this.#context.view;
    const first = directory.slotOf(sender.id);
    if (first !== undefined) this.#heardFrom(first, sender.gen);
    const source: Source = message.kind >= SYNC ? 'exchange' : 'rumour';
    for (const item of message.items) {
      this.#apply(item, source, sender);
      if (this.membership.isStopped) return;
    }
    this.#dispatch(message, sender, origin, first ?? directory.slotOf(sender.id));
    if (message.kind !== RUMOUR && this.#context.view.of(sender.id) === undefined)
      this.#remind(sender, origin);
    this.#spreader.arm();
    if (this.#context.deadlines.next < before) this.#context.host.rearm();
  }

  /** Changes a key of this member; see {@link OwnValues.change}. */
  change(...parameters: Parameters<OwnValues['change']>): void {
    this.values.change(...parameters);
    this.#spreader.arm();
    this.#context.host.rearm();
  }

  /** Returns the message that asks a member for everything, over a stream. */
  joinMessage(): Message {
    return { kind: JOIN, seq: this.#context.nextSeq(), items: [this.self] };
  }

  /** Begins to leave: tells some members directly; {@link leaveAcks} counts who knows. */
  leave(): void {
    this.membership.leave();
    const { nextSeq } = this.#context;
    for (const { item } of randomPeers(this.#context, LEAVE_PEERS)) {
      const seq = nextSeq();
      this.#leaveSeqs.add(seq);
      const ping: Message = { kind: PING, seq, target: item.id, gen: item.gen, items: NO_ITEMS };
      sendProbe(this.#context, item.address, ping, this.self);
    }
    this.#spreader.arm();
    this.#context.host.rearm();
  }

  /** Tries to reach the member at an address, whether it is thought dead or not known. */
  contact(address: string): void {
    this.#synchroniser.beginWith(address);
  }

  /** Notes that a member is known to live from elsewhere: its data connection works. */
  noteAlive(id: number): void {
    const slot = this.#context.view.directory.slotOf(id);
    const record = slot === undefined ? undefined : this.#context.view.get(slot);
    if (slot !== undefined && record !== undefined) this.#heardFrom(slot, record.item.gen);
  }

  #begin(): void {
    const { deadlines, host, tuning } = this.#context;
    const now = host.now();
    const share = (ms: number): number => now + (ms * host.random.uint32()) / 2 ** 32;
    deadlines.add(share(tuning.probeMs), PROBE_ROUND, 0);
    deadlines.add(share(tuning.syncMs), SYNC_ROUND, 0);
    deadlines.add(share(HOUSEKEEPING_MS), HOUSEKEEPING, 0);
    this.#healAt = share(tuning.healMs);
  }

  #heardFrom(slot: number, gen: number): void {
    this.membership.heardFrom(slot, gen);
    this.#prober.heardFrom(slot);
  }

  /** Tells somebody who was buried that it was: it objects, or nobody here would ever believe it. */
  #remind({ id, gen }: Sender, origin: Origin): void {
    const grave = this.membership.graveyard.find(id);
    if (grave === undefined || grave.gen < gen) return;
    const reminder: Message = { kind: RUMOUR, items: NO_ITEMS };
    if (typeof origin === 'string') sendProbe(this.#context, origin, reminder, grave);
    else origin.answer([{ ...reminder, items: [grave] }]);
  }

  /**
   * Answers another start of this name, which may know nobody else, before one of the two gives way: with what it says of
   * itself, if that is believed, and all that is known.
   */
  #meetNamesake({ seq, items }: Join, origin: Origin): void {
    for (const item of items) if (item.kind === 'member') this.#noteNamesake(item);
    if (typeof origin === 'string') return;
    const latest = this.#namesake?.item;
    const later = latest !== undefined && this.membership.isLaterStart(latest) ? [latest] : NO_ITEMS;
    origin.answer([{ kind: DELTA, seq, more: 1, large: NO_BYTES, items: later }]);
    this.#synchroniser.onJoin(seq, origin);
  }

  /** Remembers another start, unless one is known that it would have to give way to. */
  #noteNamesake(item: MemberItem): void {
    const { self } = this;
    const known = this.#namesake;
    if (item.name !== self.name || (item.gen !== self.gen && !this.membership.isLaterStart(item))) return;
    if (known !== undefined && compareStarts(item, known.item) <= 0) return;
    this.#namesake = { item, since: known?.since ?? this.#context.host.now() };
  }

  /** Decides between this start and the other one of its name. */
  #settleNamesake(now: number): void {
    const namesake = this.#namesake;
    if (namesake === undefined || now - namesake.since < NAMESAKE_MS) return;
    this.#namesake = undefined;
    this.#apply(namesake.item, 'rumour', this.self);
  }

  #run({ kind, argument }: Due): void {
    switch (kind) {
      case PROBE_ROUND:
        return this.#prober.round();
      case PROBE_LATE:
        return this.#prober.late(argument);
      case RELAY_LATE:
        return this.#prober.relayLate(argument);
      case GOSSIP_ROUND:
        return this.#spreader.round();
      case SYNC_ROUND:
        return this.#synchroniser.round();
      case SYNC_LATE:
        return this.#synchroniser.late(argument);
      case SUSPICION_ENDS:
        return this.membership.endSuspicion(argument);
      default:
        return this.#keepHouse();
    }
  }

  #dispatch(message: Message, sender: Sender, origin: Origin, slot: number | undefined): void {
    switch (message.kind) {
      case PING:
        return this.#prober.onPing(message, slot, sender, origin);
      case ACK:
        if (this.#leaveSeqs.delete(message.seq)) this.#leaveAcks += 1;
        return this.#prober.onAck(message, slot);
      case PING_REQUEST:
        return this.#prober.onPingRequest(message, origin);
      case NACK:
        return this.#prober.onNack(message.seq);
      case RUMOUR:
        return undefined;
      case SYNC:
        return this.#synchroniser.onSync(message, origin);
      case SAME:
        return this.#synchroniser.onSame(message.seq);
      case BUCKETS_ARE:
        return this.#synchroniser.onBuckets(message, origin);
      case PAGE:
        return this.#synchroniser.onPage(message, slot, origin);
      case WANT:
        return this.#synchroniser.onWant(message, origin);
      case DELTA:
        return this.#synchroniser.onDelta(message, slot);
      case JOIN:
        return this.#synchroniser.onJoin(message.seq, origin);
    }
  }

  #apply(item: Item, source: Source, sender: Sender): void {
    const { view, host, queue, announcements, records, id, counters } = this.#context;
    if (item.kind === 'member') {
      const before = view.of(item.id)?.item;
      // Most of what arrives was heard before.
      if (before !== undefined && item.id !== id && isOldNews(item, before)) return;
      // What a member says of itself is no hearsay, however it came.
      const isOwnWord = item.id === sender.id && item.gen === sender.gen;
      this.membership.apply(item, isOwnWord ? 'rumour' : source, sender);
      const slot = view.directory.slotOf(item.id);
      const after = slot === undefined ? undefined : view.get(slot)?.item;
      if (slot !== undefined && after !== undefined && after !== before)
        this.#synchroniser.recent.note(after, host.now());
      return;
    }
    const record = view.of(item.id);
    // The member itself is the only source of its keys.
    if (record === undefined || record.item.gen !== item.gen || item.id === id) return;
    const changed = records.withChanges(record, item);
    if (changed === record) return;
    const slot = view.directory.slotOf(item.id) as number;
    counters.itemsApplied += 1;
    view.set(slot, changed);
    if (item.kind === 'value') queue.addValue(item);
    if (item.kind === 'value') this.#synchroniser.recent.note(item, host.now());
    announcements.arrived(changed);
    const keys = item.kind === 'value' ? [item.key] : changedKeys(record.kv, changed.kv);
    if (keys.length > 0) host.emit({ type: 'update', member: record.item, keys });
  }

  #keepHouse(): void {
    const { deadlines, host, tuning, health, counters, queue } = this.#context;
    const now = host.now();
    deadlines.add(now + HOUSEKEEPING_MS, HOUSEKEEPING, 0);
    this.#settleNamesake(now);
    if (this.membership.isStopped) return;
    this.membership.reap();
    this.values.maintain();
    this.membership.verify(VERIFIED_PER_SECOND, ({ id, gen, address }) => {
      const known = this.#context.view.of(id)?.item;
      const ping: Message = { kind: PING, seq: this.#context.nextSeq(), target: id, gen, items: NO_ITEMS };
      sendProbe(this.#context, address, ping, known);
    });
    counters.rumoursDropped = queue.dropped;
    const { gone } = this.membership;
    const isSplit = gone.size >= this.#context.view.reachable;
    if (now >= this.#healAt || isSplit) {
      this.#healAt = now + tuning.healMs;
      this.#heal();
    }
    const isDegraded = health.score >= DEGRADED_SCORE;
    if (isDegraded && !this.#wasDegraded) host.emit({ type: 'degraded', score: health.score });
    this.#wasDegraded = isDegraded;
  }

  /** Talks to somebody who is thought dead: after a partition that is the only way back. */
  #heal(): void {
    const { view, host } = this.#context;
    const dead = [...this.membership.gone.keys()].filter((slot) => view.get(slot)?.item.status !== LEFT);
    const slot = dead[Math.floor((host.random.uint32() / 2 ** 32) * dead.length)];
    const record = slot === undefined ? undefined : view.get(slot);
    if (slot === undefined || record === undefined || record.item.status < DEAD) return;
    this.#prober.pingNow(slot);
    this.#synchroniser.beginWith(record.item.address);
  }

  /** What was not seen while the process stood still must not be held against others. */
  #notePause(): void {
    const { deadlines, host, tuning, health, counters } = this.#context;
    const now = host.now();
    // What waited for a process that stood still arrives before its timers run: the pause is one, and counted once.
    const late = now - Math.max(deadlines.next, this.#pausedUntil);
    if (late <= tuning.probeTimeoutMs) return;
    this.#pausedUntil = now;
    counters.pauses += 1;
    health.worsen();
    this.#prober.void();
    this.membership.suspicions.postpone(late);
  }
}

/** Compares two starts of one name: positive if the right one gives way. Of twins their addresses decide. */
function compareStarts(left: MemberItem, right: MemberItem): number {
  if (left.gen !== right.gen) return left.gen - right.gen;
  return left.address === right.address ? 0 : left.address > right.address ? 1 : -1;
}

function isOldNews(item: MemberItem, known: MemberItem): boolean {
  const order = compareItems(item, known);
  return order < 0 || item === known || (order === 0 && item.status !== SUSPECT);
}

function changedKeys(before: KeyValues, after: KeyValues): string[] {
  const keys = [...after.entries.keys()].filter((key) => before.entries.get(key) !== after.entries.get(key));
  for (const [key, { value }] of before.entries)
    if (value !== undefined && !after.entries.has(key)) keys.push(key);
  return keys;
}
