/**
 * What a session holds, and how it gets and gives resources: every change of ownership is one swap of one register.
 *
 *     free, or the owner is over ──► claim     owner = me, token + 1
 *     mine, and not held here    ──► claim     left by a claim that arrived late
 *     held ──► release                         owner = none
 *     held ──► hand over                       owner = none, next = them
 *
 * A claim or release whose outcome could not be found out is a debt: every now and then the register is read, given
 * back if it is this session's, and moved on if it stands still, so that nothing on its way can arrive any more.
 *
 * Invariants:
 * - Every swap expects the version that was read before, so of two that race one is refused.
 * - A lease is invalid here before anything that gives it away is sent.
 * - Whoever is told that one lease ended with the session finds all others ended, too.
 * - Nothing but a claim makes a lease, and a claim of a generation that is over makes none.
 */
import { ClorthoError, isClorthoError } from '@clortho/base';
import { resourceKey, sessionKey } from '../record/keys.ts';
import { isPassing, isUnreadable, type RegisterLine } from '../record/register-line.ts';
import type { LeaseEvent } from '../session/lease-event.ts';
import { isOver, type SessionObserver } from '../session/session-observer.ts';
import {
  decodeSession,
  encodeSession,
  type Offer,
  type SessionId,
  type SessionRecord,
} from '../session/session-record.ts';
import { withEither } from '../time/either-signal.ts';
import { KeptForHeirs } from './kept-for-heirs.ts';
import { KeyedOrder } from './keyed-order.ts';
import { HeldLease, type LeaseHost, type LossReason } from './lease.ts';
import { decodeLease, encodeLease, type LeaseRecord } from './lease-record.ts';

/** What holdings ask of their session. */
export interface Holder {
  readonly line: RegisterLine;
  readonly observer: SessionObserver;
  /** Aborts when the session is over: then nothing needs to be given back any more. */
  readonly signal: AbortSignal;
  /** Returns the session as it is valid at this moment; `undefined` while it is not. */
  me(): SessionId | undefined;
  isValid(): boolean;
  peekRemainingMs(): number;
  /** Returns a text like no other. */
  mintNonce(): string;
  emit(event: LeaseEvent): void;
  /** How long what was handed over is kept. */
  readonly durationMs: number;
  /** A monotonic clock in milliseconds. */
  observerNow(): number;
  /** Called when a resource is free here. */
  wake(resource: string): void;
}

/** What a look at a resource came to. */
export type Look =
  | { readonly lease: HeldLease }
  /** Not to be had; worth another look after so many milliseconds at the latest, if that is known. */
  | { readonly lease: undefined; readonly silenceMs: number | undefined };

/** A change of a resource's record. */
type Change = Pick<LeaseRecord, 'owner' | 'token'> & Partial<Pick<LeaseRecord, 'next'>>;

const NOT_FREE: Look = { lease: undefined, silenceMs: undefined };
/** How many debts are looked after in the time of one renewal. */
const DEBTS_PER_BEAT = 16;
/** The version that a debt expects of which nothing can be on its way. */
const NOTHING_SENT = -1;
const OFFERS_MAX = 1024;
const TRIES_MAX = 4;

/** See the module. */
export class Holdings implements LeaseHost {
  readonly #holder: Holder;
  readonly #held = new Map<string, HeldLease>();
  readonly #debts = new Map<string, number>();
  readonly #kept: KeptForHeirs;
  readonly #order = new KeyedOrder();
  /** Why all leases ended last. */
  #endedBy: LossReason = 'expired';

  /** Creates holdings of nothing. */
  constructor(holder: Holder) {
    this.#holder = holder;
    this.#kept = new KeptForHeirs(holder.durationMs, holder.observerNow);
  }

  /** The leases that are held; some may be invalid already. */
  get held(): ReadonlyMap<string, HeldLease> {
    return this.#held;
  }

  isValid(): boolean {
    return this.#holder.isValid();
  }

  peekRemainingMs(): number {
    return this.#holder.peekRemainingMs();
  }

  /**
   * Takes a resource if it is to be had now. `patience` gives up the place behind others of this process.
   *
   * @throws {ClorthoError} what the registers say; `CLORTHO_CORRUPT`; `CLORTHO_ABORTED`.
   */
  async tryAcquire(resource: string, signal: AbortSignal, patience?: AbortSignal): Promise<Look> {
    if (this.#held.has(resource)) return NOT_FREE;
    const look = (): Promise<Look> => this.#tryAcquire(resource, signal);
    return withEither(signal, patience, (either) => this.#order.run(resource, look, either));
  }

  async #tryAcquire(resource: string, signal: AbortSignal): Promise<Look> {
    const { line } = this.#holder;
    const me = this.#holder.me();
    if (this.#held.has(resource) || me === undefined) return NOT_FREE;
    const key = resourceKey(resource);
    const register = await line.read(key, signal);
    const record = register === undefined ? undefined : decodeLease(register.value, key);
    const expect = register?.version ?? 0;
    const keptMs = this.#kept.leftMs(resource, expect, record, me.name);
    const silenceMs =
      record?.owner === undefined ? keptMs : await this.#silenceMs(record.owner, me, key, signal);
    if (silenceMs !== 0) return { lease: undefined, silenceMs };
    const token = (record?.token ?? 0) + 1;
    if (!(await this.#swap(resource, expect, { owner: me, token }, signal))) {
      this.#holder.emit({ type: 'claim lost', resource });
      return NOT_FREE;
    }
    if (this.#holder.me()?.generation !== me.generation) return NOT_FREE;
    const lease = new HeldLease(this, resource, token, expect + 1);
    this.#held.set(resource, lease);
    this.#holder.emit({ type: 'acquired', lease });
    return { lease };
  }

  /** Returns 0 if the owner is over, else how long it may be silent, `undefined` if that is not known. */
  async #silenceMs(
    owner: SessionId,
    me: SessionId,
    key: string,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    if (isSame(owner, me)) return 0;
    const { record, silenceMs } = await this.#holder.observer.look(owner.name, signal);
    if (record === undefined || owner.generation > record.generation) {
      throw new ClorthoError(
        'CLORTHO_CORRUPT',
        `the owner never began: register=${key} owner=${owner.name} generation=${owner.generation}`,
      );
    }
    if (isOver(owner, record)) return 0;
    return silenceMs === 0 ? undefined : silenceMs;
  }

  /** Gives a lease back; see `Lease.release`. */
  async release(lease: HeldLease): Promise<void> {
    if (!this.#end(lease, 'released')) return;
    await this.#giveAway(lease, { owner: undefined, token: lease.token });
  }

  /** Gives a lease to another session; see `Lease.handOver`. */
  async handOver(lease: HeldLease, to: string): Promise<void> {
    if (!(await this.#isLive(to))) {
      throw new ClorthoError('CLORTHO_NOT_FOUND', `no live session: name=${to} resource=${lease.resource}`);
    }
    lease.assertValid();
    this.#end(lease, 'handed over');
    await this.#giveAway(lease, { owner: undefined, token: lease.token, next: to });
  }

  /** Ends all leases for one reason. */
  loseAll(reason: LossReason): void {
    // What they owned is over with the session, and so is what is on its way.
    this.#debts.clear();
    this.#endedBy = reason;
    for (const lease of this.#held.values()) this.#end(lease, reason);
  }

  endNow(lease: HeldLease): void {
    this.#end(lease, this.#endedBy);
  }

  /** Remembers offers that arrived with a renewal. */
  receive(offers: readonly Offer[]): void {
    for (const { resource, token, to } of offers) {
      const lease = this.#held.get(resource);
      if (lease?.token !== token) continue;
      lease.offer(to);
      this.#holder.emit({ type: 'offered', lease, to });
    }
  }

  /** Asks whoever holds a resource to hand it over; tells whether somebody holds it. */
  async offer(resource: string, to: string, signal: AbortSignal): Promise<boolean> {
    const { line } = this.#holder;
    const key = resourceKey(resource);
    for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
      const leased = await line.read(key, signal);
      const lease = leased === undefined ? undefined : decodeLease(leased.value, key);
      if (lease?.owner === undefined) return false;
      const inbox = sessionKey(lease.owner.name);
      const register = await line.read(inbox, signal);
      const session = register === undefined ? undefined : decodeSession(register.value, inbox);
      if (register === undefined || session === undefined || !isCurrent(lease.owner, session)) return false;
      const value = encodeSession(withOffer(session, { resource, token: lease.token, to }));
      const { applied } = await line.settle({ key: inbox, expect: register.version, value }, signal);
      if (applied) return true;
    }
    throw new ClorthoError('CLORTHO_UNAVAILABLE', `the owner is busy: resource=${resource} to=${to}`);
  }

  /** Gives back what the registers say is this session's and nobody here holds. */
  disown(resource: string): void {
    if (!this.#held.has(resource) && !this.#debts.has(resource)) this.#debts.set(resource, NOTHING_SENT);
  }

  /**
   * Looks after a few debts. What cannot be reached stays one, what cannot be read does not.
   *
   * @throws {ClorthoError} what else the registers say.
   */
  async payDebts(signal: AbortSignal): Promise<void> {
    const due = [...this.#debts].slice(0, DEBTS_PER_BEAT);
    for (const [resource, version] of due) {
      try {
        await this.#order.run(resource, () => this.#payDebt(resource, version, signal));
      } catch (error) {
        if (isPassing(error)) return;
        if (!isUnreadable(error)) throw error;
        this.#debts.delete(resource);
        this.#holder.emit({ type: 'unreadable', register: resourceKey(resource), error });
      }
    }
  }

  async #payDebt(resource: string, version: number, signal: AbortSignal): Promise<void> {
    const me = this.#holder.me();
    if (me === undefined || this.#debts.get(resource) !== version) return;
    if (!this.#held.has(resource)) {
      const key = resourceKey(resource);
      const register = await this.#holder.line.read(key, signal);
      const record = register === undefined ? undefined : decodeLease(register.value, key);
      const seen = register?.version ?? 0;
      const owner = record?.owner;
      const next = { owner: undefined, token: record?.token ?? 0 };
      // Beyond the version that it expects, nothing that is on its way can land. Whose it is has to be over even so.
      const isOurs = owner !== undefined && isSame(owner, me);
      const isFree = (): Promise<boolean> => this.#isFree(owner, me, key, signal);
      if (isOurs || (seen <= version && (await isFree()))) await this.#swap(resource, seen, next, signal);
    }
    this.#debts.delete(resource);
    this.#holder.wake(resource);
  }

  async #isFree(
    owner: SessionId | undefined,
    me: SessionId,
    key: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    return owner === undefined || (await this.#silenceMs(owner, me, key, signal)) === 0;
  }

  #end(lease: HeldLease, reason: LossReason): boolean {
    if (!lease.lose(reason)) return false;
    this.#held.delete(lease.resource);
    this.#holder.emit({ type: 'lost', lease, reason });
    this.#holder.wake(lease.resource);
    return true;
  }

  async #giveAway(lease: HeldLease, next: Change): Promise<void> {
    const { resource, version } = lease;
    const { signal } = this.#holder;
    try {
      await this.#order.run(resource, () => this.#swap(resource, version, next, signal));
    } catch (error) {
      if (signal.aborted) return;
      this.#debts.set(resource, version);
      if (!isPassing(error)) throw error;
    }
  }

  /** Swaps a resource register; in doubt, it is a debt. */
  async #swap(resource: string, expect: number, next: Change, signal: AbortSignal): Promise<boolean> {
    const { line, mintNonce } = this.#holder;
    const value = encodeLease({ next: undefined, ...next, nonce: mintNonce() });
    try {
      const { applied } = await line.settle({ key: resourceKey(resource), expect, value }, signal);
      return applied;
    } catch (error) {
      if (isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN')) this.#debts.set(resource, expect);
      throw error;
    }
  }

  async #isLive(name: string): Promise<boolean> {
    const key = sessionKey(name);
    const { line, signal } = this.#holder;
    const register = await line.read(key, signal);
    const record = register === undefined ? undefined : decodeSession(register.value, key);
    return record?.state === 'live';
  }
}

function isSame(left: SessionId, right: SessionId): boolean {
  return left.name === right.name && left.generation === right.generation;
}

function isCurrent({ generation }: SessionId, record: SessionRecord): boolean {
  return record.state === 'live' && record.generation === generation;
}

/** Returns the record with the offer in place of an earlier one for the same resource. */
function withOffer(record: SessionRecord, offer: Offer): SessionRecord {
  const others = record.offers.filter(({ resource }) => resource !== offer.resource);
  if (others.length < OFFERS_MAX) return { ...record, offers: [...others, offer] };
  throw new ClorthoError(
    'CLORTHO_UNAVAILABLE',
    `too many offers wait for the owner: resource=${offer.resource} offers=${others.length}`,
  );
}
