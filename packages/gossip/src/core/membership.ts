/**
 * Who is a member and in what state: what becomes of the facts that arrive.
 *
 *     unknown ──► alive ◄──► suspect ──► dead ──► forgotten, remembered in the graveyard
 *                   └──────── left ───────────────┘
 *
 * Rumours are believed: they are young, because everybody repeats them a few times only. What comes out of an exchange of
 * digests may be of any age, so it never brings anybody back: "alive" of somebody thought dead waits until that member has
 * answered itself, and "dead" only makes a suspect, who may object.
 *
 * Invariants:
 * - A fact replaces what is known only if it is greater: generation, then incarnation, then status.
 * - Only a member itself raises its incarnation.
 * - Who was forgotten comes back with a greater generation or incarnation only.
 * - At most `membersMax` members are known, whoever announces how many; those who are gone make place for those who live.
 */
import type { MemberItem } from '../item/item.ts';
import { memberItem } from '../item/item-codec.ts';
import { GEN_MAX, INC_MAX } from '../item/limits.ts';
import { compareItems, type MemberRecord, withStatus } from '../member/member-record.ts';
import { ALIVE, DEAD, LEFT, STATUS_NAMES, type Status, SUSPECT } from '../member/status.ts';
import { type CoreContext, ownRecord } from './core-context.ts';
import type { Sender } from './core-host.ts';
import { Graveyard } from './graveyard.ts';
import { Suspicions } from './suspicions.ts';

/** How a fact arrived: told by somebody as news, or out of an exchange of digests. */
export type Source = 'rumour' | 'exchange';

/** A generation further ahead than a year in milliseconds is a mistake or an attack. */
const GEN_JUMP_MAX: number = 366 * 86_400_000;
/** So is an incarnation that grew by more than this. */
const INC_JUMP_MAX = 100_000;
/** A member that is said to have grown by so much takes a new generation, long before others refuse its incarnation. */
const OWN_INC_JUMP_MAX = 1_000;
/** Above this a member takes a new generation instead, so that nobody can use its incarnations up. */
const OWN_INC_MAX: number = INC_MAX - 2 * INC_JUMP_MAX;
const PROVISIONAL_MAX = 4096;
const PROVISIONAL_ATTEMPTS_MAX = 5;

interface Provisional {
  readonly item: MemberItem;
  attempts: number;
}

/** The membership as one member sees it. */
export class Membership {
  readonly suspicions: Suspicions;
  readonly graveyard: Graveyard;
  /** Since when dead and left members are so, by slot. */
  readonly gone: Map<number, number> = new Map();
  readonly #context: CoreContext;
  /** Claims that somebody lives, by slot, until it answers itself. */
  readonly #provisional = new Map<number, Provisional>();
  /** Members known from an exchange only, never heard of otherwise. */
  readonly #unconfirmed = new Set<number>();
  #isLeaving = false;
  #isStopped = false;
  #isAccepted = false;

  /** Creates a membership over the view of `context`. */
  constructor(context: CoreContext) {
    this.#context = context;
    this.suspicions = new Suspicions(context);
    this.graveyard = new Graveyard(context.tuning.graveMs);
  }

  /** Whether another process has this member's name, and this one has to stop. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Whether somebody else was heard to speak of this start of this member. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** Tells whether a fact is of a later start of this member, and can be. */
  isLaterStart({ name, gen }: MemberItem): boolean {
    const { item: own } = ownRecord(this.#context);
    return name === own.name && gen > own.gen && gen - own.gen <= GEN_JUMP_MAX;
  }

  /** Takes over a fact, if it is news. */
  apply(item: MemberItem, source: Source, sender: Sender): void {
    const { view, counters, id } = this.#context;
    if (item.id === id) return this.#applyOwn(item);
    const known = view.of(item.id) ?? undefined;
    if (this.#isAbsurd(item, known)) {
      counters.itemsAbsurd += 1;
      return;
    }
    if (known === undefined) this.#introduce(item, source);
    else this.#replace(item, known, source, sender);
  }

  /** Notes that a packet came from a member itself. */
  heardFrom(slot: number, gen: number): void {
    this.suspicions.heard(slot);
    this.#unconfirmed.delete(slot);
    const claim = this.#provisional.get(slot);
    if (claim === undefined || claim.item.gen !== gen) return;
    this.#provisional.delete(slot);
    const known = this.#context.view.get(slot);
    if (known === undefined && !this.#makePlace(slot, claim.item)) return;
    if (known === undefined || compareItems(claim.item, known.item) > 0) this.#put(slot, claim.item, true);
  }

  /** Says that a member does not answer. */
  accuse(slot: number): void {
    const { view, counters, id, queue, host } = this.#context;
    const record = view.get(slot);
    if (record === undefined || record.item.status >= DEAD) return;
    if (this.#unconfirmed.has(slot)) {
      // Somebody spoke of it, and it does not answer: whoever was told that it is there is told that it is not.
      host.emit({ type: 'dead', member: withStatus(record.item, DEAD, id) });
      this.forget(slot);
      return;
    }
    counters.accusations += 1;
    const accusation = withStatus(record.item, SUSPECT, id);
    if (record.item.status === ALIVE) {
      this.#put(slot, accusation, true);
    } else if (this.suspicions.confirm(slot, id)) {
      queue.addMember(accusation);
    }
  }

  /** Ends a suspicion whose time is over. */
  endSuspicion(slot: number): void {
    const outcome = this.suspicions.expired(slot);
    const record = this.#context.view.get(slot);
    if (outcome === undefined || record === undefined) return;
    this.#context.counters.deathsDeclared += 1;
    this.#put(slot, withStatus(record.item, outcome, this.#context.id), true);
  }

  /** Says good-bye: the member's own fact becomes "left". */
  leave(): void {
    this.#isLeaving = true;
    const { slot, queue } = this.#context;
    const item = withStatus(ownRecord(this.#context).item, LEFT, 0);
    this.#store(slot, item);
    queue.addMember(item, true);
  }

  /** Calls `ping` with claims that somebody lives, to be verified; gives up those that were tried often. */
  verify(count: number, ping: (claim: MemberItem) => void): void {
    let left = count;
    for (const [slot, claim] of this.#provisional) {
      if (left === 0) return;
      left -= 1;
      this.#provisional.delete(slot);
      claim.attempts += 1;
      // Tried last again, so that the others have their turn.
      if (claim.attempts <= PROVISIONAL_ATTEMPTS_MAX) {
        this.#provisional.set(slot, claim);
        ping(claim.item);
      } else if (this.#context.view.get(slot) === undefined) {
        this.#context.view.directory.release(claim.item.id);
      }
    }
  }

  /** Whether the member of a slot is gone for so long that it is no longer told to those who do not know it. */
  isFading(slot: number): boolean {
    const since = this.gone.get(slot);
    const { tuning, host } = this.#context;
    return since !== undefined && host.now() - since >= tuning.retentionMs / 2;
  }

  /** Forgets those who are gone for long. */
  reap(): void {
    const { tuning, host } = this.#context;
    const now = host.now();
    for (const [slot, since] of this.gone) if (now - since >= tuning.retentionMs) this.forget(slot);
    this.graveyard.reap(now);
  }

  /** Forgets a member; the graveyard remembers that it is gone. */
  forget(slot: number): void {
    const { view, host, queue } = this.#context;
    const record = view.get(slot);
    this.gone.delete(slot);
    this.suspicions.end(slot);
    this.#unconfirmed.delete(slot);
    this.#provisional.delete(slot);
    if (record === undefined) return;
    const { item, kv } = record;
    if (item.status >= DEAD) this.graveyard.bury(item, host.now());
    queue.forget(item.id);
    view.set(slot, undefined);
    view.directory.release(item.id);
    host.emit({ type: 'forget', member: item, keys: [...kv.entries.keys()] });
  }

  #introduce(item: MemberItem, source: Source): void {
    const { view } = this.#context;
    const grave = this.graveyard.find(item.id);
    if (grave !== undefined && compareItems(item, grave) <= 0) return;
    const slot = view.directory.intern(item.name, item.id);
    if (slot === undefined) {
      this.#context.counters.itemsAbsurd += 1;
      return;
    }
    if (source === 'exchange' && item.status < DEAD && grave !== undefined) return this.#claim(slot, item);
    if (!this.#makePlace(slot, item)) return;
    if (source === 'exchange' && item.status < DEAD) this.#unconfirmed.add(slot);
    this.#put(slot, item, source === 'rumour');
  }

  /** Makes a place for somebody new, if need be that of one who is gone; tells whether there is one. */
  #makePlace(slot: number, { id, status }: MemberItem): boolean {
    const { view, tuning, counters } = this.#context;
    if (view.size < tuning.membersMax) return true;
    const [longestGone] = this.gone.keys();
    if (status < DEAD && longestGone !== undefined) {
      this.forget(longestGone);
      return true;
    }
    counters.membersRefused += 1;
    if (!this.#provisional.has(slot)) view.directory.release(id);
    return false;
  }

  #replace(item: MemberItem, known: MemberRecord, source: Source, sender: Sender): void {
    const slot = this.#context.view.directory.slotOf(item.id) as number;
    const order = compareItems(item, known.item);
    if (order < 0 || item.name !== known.item.name) return;
    if (order === 0) {
      const isConfirmation = item.status === SUSPECT && this.suspicions.confirm(slot, item.by);
      if (isConfirmation && source === 'rumour') this.#context.queue.addMember(item);
      return;
    }
    if (source === 'rumour') return this.#put(slot, item, true);
    if (item.status < DEAD) {
      if (known.item.status >= DEAD) this.#claim(slot, item);
      else this.#put(slot, item, false);
    } else if (known.item.status < DEAD) {
      this.#doubt(slot, item, known.item, sender);
    } else {
      this.#put(slot, item, false);
    }
  }

  /** Somebody has a member dead; whether that is still so, it may say itself. Being told again gives it no more time. */
  #doubt(slot: number, item: MemberItem, known: MemberItem, sender: Sender): void {
    const accusation = withStatus(item, SUSPECT, sender.id);
    if (compareItems(accusation, known) > 0) {
      this.#put(slot, accusation, true, item.status);
      return;
    }
    if (this.suspicions.confirm(slot, sender.id, item.status)) this.#context.queue.addMember(accusation);
  }

  /** Remembers a claim that somebody lives, until that member answers. */
  #claim(slot: number, item: MemberItem): void {
    if (this.#provisional.has(slot)) return;
    if (this.#provisional.size < PROVISIONAL_MAX) this.#provisional.set(slot, { item, attempts: 0 });
    else if (this.#context.view.get(slot) === undefined) this.#context.view.directory.release(item.id);
  }

  /** Makes a fact the one that is known, and tells it on if it is news. */
  #put(slot: number, item: MemberItem, isNews: boolean, outcome: Status = DEAD): void {
    const { host, queue, counters, tuning } = this.#context;
    const before = this.#context.view.get(slot);
    this.#store(slot, item);
    counters.itemsApplied += 1;
    if (isNews) queue.addMember(item);
    else queue.forget(item.id);
    if (item.status === SUSPECT) this.suspicions.begin(slot, item, outcome);
    else this.suspicions.end(slot);
    if (item.status >= DEAD) {
      if (!this.gone.has(slot)) {
        // Who is new hears only of those who are gone for less than half of the time, and tells nobody: so all forget them.
        const isHearsay = before === undefined && !isNews;
        this.gone.set(slot, host.now() - (isHearsay ? tuning.retentionMs / 2 : 0));
      }
      this.#unconfirmed.delete(slot);
    } else {
      this.gone.delete(slot);
      this.#provisional.delete(slot);
    }
    // Keys belong to a generation: those of an earlier one are gone.
    const keys = before === undefined || before.item.gen === item.gen ? [] : [...before.kv.entries.keys()];
    if (keys.length > 0) host.emit({ type: 'update', member: item, keys });
    this.#tell(before?.item, item);
  }

  #tell(before: MemberItem | undefined, item: MemberItem): void {
    const { host } = this.#context;
    const isNew = before === undefined || before.status >= DEAD || before.gen !== item.gen;
    if (isNew && item.status < DEAD) host.emit({ type: 'join', member: item });
    if (before?.status === item.status || (isNew && item.status === ALIVE)) return;
    host.emit({ type: STATUS_NAMES[item.status] as (typeof STATUS_NAMES)[number], member: item });
  }

  #store(slot: number, item: MemberItem): void {
    const { view, records } = this.#context;
    view.set(slot, records.withItem(view.get(slot), item));
  }

  #applyOwn(item: MemberItem): void {
    const { host, counters, health } = this.#context;
    const own = ownRecord(this.#context).item;
    if (item.name !== own.name || item.gen < own.gen || this.#isStopped) return;
    if (item.gen > own.gen) {
      if (!this.isLaterStart(item)) {
        counters.itemsAbsurd += 1;
        return;
      }
      // A later start has this name: the earlier one gives way.
      this.#isStopped = true;
      host.emit({ type: 'conflict', member: item, stops: true });
      return;
    }
    this.#isAccepted = true;
    if (item.address !== own.address) return this.#settleTwins(item, own);
    if (this.#isLeaving || compareItems(item, own) <= 0) return;
    counters.refutations += 1;
    if (item.status !== ALIVE) health.worsen();
    this.#refute(item.inc);
  }

  /** Two processes with one name and one generation: nobody knows who was first, so their addresses decide. */
  #settleTwins(item: MemberItem, own: MemberItem): void {
    this.#isStopped = own.address < item.address;
    this.#context.host.emit({ type: 'conflict', member: item, stops: this.#isStopped });
    if (!this.#isStopped && compareItems(item, own) >= 0) this.#refute(item.inc);
  }

  #refute(inc: number): void {
    const { slot, queue, view, records } = this.#context;
    const { item: own, kv } = ownRecord(this.#context);
    const isUsedUp = own.gen < GEN_MAX && (inc >= OWN_INC_MAX || inc - own.inc > OWN_INC_JUMP_MAX);
    const [gen, next] = isUsedUp ? [own.gen + 1, 0] : [own.gen, Math.min(inc + 1, INC_MAX)];
    const item = memberItem({ name: own.name, address: own.address, gen, inc: next, status: ALIVE, by: 0 });
    this.#store(slot, item);
    // To others the keys of a new generation are new; here they are what they were.
    if (isUsedUp) view.set(slot, records.withKeyValues(ownRecord(this.#context), kv));
    queue.addMember(item, true);
  }

  #isAbsurd(item: MemberItem, known: MemberRecord | undefined): boolean {
    const own = ownRecord(this.#context).item;
    const genMax = Math.max(own.gen, known?.item.gen ?? 0) + GEN_JUMP_MAX;
    if (item.gen > Math.min(genMax, GEN_MAX)) return true;
    const inc = known !== undefined && known.item.gen === item.gen ? known.item.inc : 0;
    // A stranger may have objected often before it was heard of: what is known bounds the growth only of the known.
    return known !== undefined && known.item.gen === item.gen && item.inc - inc > INC_JUMP_MAX;
  }
}
