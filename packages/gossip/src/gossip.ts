/**
 * A membership in a cluster: the protocol, a transport and a clock put together, and what users see of them.
 *
 *     Gossip ── GossipCore         decides
 *            ── Endpoint           seals and opens packets ── Transport
 *            ── one sleep          until the next deadline of the core
 *
 * Invariants:
 * - After `leave`, `close` or a lost conflict no timer, socket or listener of it is left.
 * - What users read is what is known at that moment; nothing waits for the network but `join` and `leave`.
 */
import {
  abortedError,
  type Clock,
  ClorthoError,
  isClorthoError,
  randomBelow,
  throwIfAborted,
} from '@clortho/base';
import type { CoreEvent } from './core/core-host.ts';
import type { Counters } from './core/counters.ts';
import { GossipCore } from './core/gossip-core.ts';
import type { ValueClass } from './core/own-values.ts';
import { Endpoint } from './endpoint.ts';
import { EventHub, type GossipEvents } from './gossip-events.ts';
import { type CompleteOptions, completeOptions, type GossipOptions } from './gossip-options.ts';
import { KEYRING_KEY, Keys } from './keys.ts';
import { createDirectory } from './member/directory.ts';
import { type Member, memberOf } from './member/member.ts';
import { clusterTag, memberId } from './member/member-id.ts';
import { createTable } from './member/member-table.ts';
import { MemberView } from './member/member-view.ts';
import { DEAD, type StatusName } from './member/status.ts';
import { findSeeds } from './seeds.ts';
import { isEveryAddress } from './transport/socket-address.ts';
import { socketTransport } from './transport/socket-transport.ts';
import type { Transport, TransportCounters } from './transport/transport.ts';
import { decodeValue, encodeValue, type GossipValue } from './value-codec.ts';
import { type Change, Watch } from './watch.ts';
import type { PacketCounters } from './wire/opener.ts';

/** Figures of a membership. */
export interface GossipMetrics {
  /** Members by status, this one included. */
  readonly members: Readonly<Record<StatusName, number>>;
  /** 0 for healthy, up to 7: how much this process distrusts itself. */
  readonly healthScore: number;
  /** Rumours that are still told. */
  readonly rumours: number;
  readonly protocol: Readonly<Counters>;
  readonly packets: Readonly<PacketCounters>;
  readonly transport: Readonly<TransportCounters>;
  /** How often the source of seeds failed since the membership began. */
  readonly seedFailures: number;
}

const RESERVED_PREFIX = '$';
const JOIN_BATCH = 3;
const JOIN_PAUSE_MS = 250;
const LEAVE_MS_MAX = 1_000;
const LEAVE_ACKS = 3;

/** A membership. */
export class Gossip {
  /** The name of this member. */
  readonly name: string;
  /** The keys of this member; `undefined` in plaintext. */
  readonly keys: Keys | undefined;
  readonly #options: CompleteOptions;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #endpoint: Endpoint;
  readonly #core: GossipCore;
  readonly #events = new EventHub();
  readonly #watches = new Set<Watch>();
  readonly #closing = new AbortController();
  #sleep: AbortController | undefined;
  #sleepUntil = 0;
  #seedFailures = 0;
  #leaveAcksWanted = LEAVE_ACKS;
  #onLeaveAck: (() => void) | undefined;
  #left: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  private constructor(options: CompleteOptions, transport: Transport) {
    const { name, clock, random, keyring, cluster, generation, tuning, advertise } = options;
    this.name = name;
    this.#options = options;
    this.#clock = clock;
    this.#transport = transport;
    this.#core = new GossipCore({
      name,
      gen: generation,
      address: advertise ?? transport.address,
      tuning,
      view: new MemberView(createDirectory(), createTable()),
      host: {
        random,
        now: () => clock.monotonic(),
        send: (address, message) => this.#endpoint.send(address, message),
        sendOverStream: (address, message, progress) => this.#endpoint.askQuietly(address, message, progress),
        emit: (event) => this.#onEvent(event),
        rearm: () => this.#rearm(),
      },
    });
    this.#endpoint = new Endpoint({
      transport,
      cluster: clusterTag(cluster),
      sender: memberId(name),
      self: memberId(name),
      keyring,
      random,
      now: () => clock.monotonic(),
      gen: () => this.#core.self.gen,
      handle: (message, sender, origin) => {
        if (this.#closing.signal.aborted) return;
        this.#core.handle(message, sender, origin);
        if (this.#core.leaveAcks >= this.#leaveAcksWanted) this.#onLeaveAck?.();
        this.#rearm();
      },
    });
    this.keys =
      keyring &&
      new Keys(keyring, {
        tell: (ids) => this.#core.change(KEYRING_KEY, encodeValue(ids), 'eager'),
        all: () => this.#reachable().map(({ name: member }) => this.#read(member, KEYRING_KEY)),
      });
  }

  /**
   * Joins a cluster through one of its seeds, or begins one if there are no seeds. The caller leaves or closes it.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` for wrong options; `CLORTHO_UNAVAILABLE` if the address cannot be used or no
   *   seed answered within `joinTimeoutMs`; `CLORTHO_CONFLICT` if a later start of this name is known, or the generation
   *   is further ahead than others believe, or they know as many members as may be; `CLORTHO_ABORTED`; what the source of seeds throws.
   */
  static async join(options: GossipOptions): Promise<Gossip> {
    const complete = completeOptions(options);
    throwIfAborted(options.signal);
    const { bind, clock, advertise } = complete;
    if (options.transport === undefined && advertise === undefined && isEveryAddress(bind))
      throw new ClorthoError('CLORTHO_INVALID', `advertise says where others reach a member: bind=${bind}`);
    const gossip = new Gossip(complete, options.transport ?? (await socketTransport({ bind, clock })));
    gossip.#begin();
    try {
      await gossip.#join(options.signal);
    } catch (error) {
      await gossip.close();
      throw error;
    }
    gossip.#closeWith(options.signal);
    return gossip;
  }

  /** Where others reach this member. */
  get address(): string {
    return this.#core.self.address;
  }

  /** Whether this membership is over. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Returns all members that are known, this one included, dead and left ones for some time too. A copy. */
  members(): Member[] {
    return [...this.#core.view.records()].map(([, { item }]) => memberOf(item));
  }

  /** Returns the value of a member's key; `undefined` if there is none, or no such member. A copy. */
  get(node: string, key: string): GossipValue | undefined {
    return this.#read(node, key);
  }

  /** Returns the keys and values of a member, reserved keys excluded. A copy. */
  entries(node: string): Map<string, GossipValue> {
    const entries = new Map<string, GossipValue>();
    for (const key of this.#core.view.of(memberId(node))?.kv.entries.keys() ?? []) {
      const value = this.#read(node, key);
      if (value !== undefined && !key.startsWith(RESERVED_PREFIX)) entries.set(key, value);
    }
    return entries;
  }

  /**
   * Sets a key of this member. An `eager` change (the default) is told to everybody at once, which a large cluster can do
   * some thirty times a second, all members together; a `lazy` one goes out with others after seconds, of several changes of
   * a key only the last.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the key has more than 128 bytes or begins with `$`, the value is none or has
   *   more than 1 MiB, or the member has more than 1,024 keys or 4 MiB; `CLORTHO_CLOSED`.
   */
  set(key: string, value: GossipValue, options: { readonly class?: ValueClass | undefined } = {}): void {
    this.#change(key, encodeValue(value), options.class ?? 'eager');
  }

  /**
   * Deletes a key of this member.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID`, `CLORTHO_CLOSED` as {@link set}.
   */
  delete(key: string, options: { readonly class?: ValueClass | undefined } = {}): void {
    this.#change(key, undefined, options.class ?? 'eager');
  }

  /**
   * Follows the keys of all members: first those that there are, then what changes, until `signal` aborts, the reader
   * returns or the membership ends. A key that changes several times before it is read is yielded once.
   *
   * @throws {ClorthoError} `CLORTHO_CLOSED`.
   */
  watch(
    options: { readonly prefix?: string; readonly signal?: AbortSignal } = {},
  ): AsyncIterableIterator<Change> {
    this.#throwIfClosed();
    const { prefix = '', signal } = options;
    const watch = new Watch(
      prefix,
      (node, key) => this.#read(node, key),
      (ended) => this.#watches.delete(ended),
      signal,
    );
    if (watch.isEnded) return watch;
    this.#watches.add(watch);
    for (const { name } of this.members()) for (const key of this.entries(name).keys()) watch.note(name, key);
    return watch;
  }

  /** Calls `listener` whenever something of this name happens. */
  on<Name extends keyof GossipEvents>(name: Name, listener: (event: GossipEvents[Name]) => void): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Calls `listener` no longer. */
  off<Name extends keyof GossipEvents>(name: Name, listener: (event: GossipEvents[Name]) => void): this {
    this.#events.off(name, listener);
    return this;
  }

  /** Notes that a member is known to live from elsewhere, such as an answered request: then it is not accused. */
  noteAlive(node: string): void {
    this.#core.noteAlive(memberId(node));
  }

  /** Returns figures. A copy. */
  metrics(): GossipMetrics {
    const members = { alive: 0, suspect: 0, dead: 0, left: 0 };
    for (const { status } of this.members()) members[status] += 1;
    return {
      members,
      healthScore: this.#core.healthScore,
      rumours: this.#core.rumours,
      protocol: { ...this.#core.counters },
      packets: { ...this.#endpoint.opener.counters },
      transport: { ...this.#transport.counters },
      seedFailures: this.#seedFailures,
    };
  }

  /** Says good-bye, waits until some members know or a second has passed, and closes. Leaving twice is leaving once. */
  leave(): Promise<void> {
    this.#left ??= this.#sayGoodbye();
    return this.#left;
  }

  /** Ends the membership without a word: others find out. Closing twice is closing once. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  /** Leaves. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  async #sayGoodbye(): Promise<void> {
    if (this.#closed !== undefined || this.#reachable().length < 2) return this.close();
    this.#core.leave();
    this.#rearm();
    this.#leaveAcksWanted = Math.min(LEAVE_ACKS, this.#reachable().length);
    const over = new AbortController();
    this.#onLeaveAck = () => over.abort();
    if (this.#core.leaveAcks < this.#leaveAcksWanted) await this.#pause(LEAVE_MS_MAX, over.signal);
    return this.close();
  }

  #begin(): void {
    const stop = (error: unknown): void => {
      // A failure here is a bug: it must not pass unseen, nor leave a silent member behind.
      queueMicrotask(() => {
        throw error;
      });
    };
    this.#keepTime().catch(stop);
    this.#keepSeeds().catch(stop);
  }

  async #join(signal: AbortSignal | undefined): Promise<void> {
    const { joinTimeoutMs } = this.#options;
    const over = new AbortController();
    const done = new AbortController();
    const limit = this.#pause(joinTimeoutMs, done.signal).then(() => over.abort());
    const asking = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
    try {
      await this.#joinUntil(asking);
    } catch (error) {
      throwIfAborted(signal);
      if (!over.signal.aborted || !isClorthoError(error, 'CLORTHO_ABORTED')) throw error;
      throw new ClorthoError('CLORTHO_UNAVAILABLE', `no seed answered: ms=${joinTimeoutMs}`, {
        cause: error,
      });
    } finally {
      done.abort(abortedError());
      await limit;
    }
  }

  async #joinUntil(signal: AbortSignal): Promise<void> {
    for (;;) {
      throwIfAborted(signal);
      const seeds = await this.#findSeeds(signal);
      if (seeds.length === 0) return;
      let isAnswered = false;
      for (let first = 0; first < seeds.length; first += JOIN_BATCH) {
        if (signal.aborted) break;
        if (await this.#joinThrough(seeds.slice(first, first + JOIN_BATCH), signal)) isAnswered = true;
        if (this.#isDecided) return this.#throwIfRefused();
      }
      if (isAnswered) return this.#throwIfRefused();
      await this.#clock.sleep(JOIN_PAUSE_MS, signal);
    }
  }

  /** Whether somebody has taken this start in, or knows a later one: what others say cannot change that. */
  get #isDecided(): boolean {
    const { isAccepted, isStopped } = this.#core.membership;
    return isAccepted || isStopped;
  }

  /** Asks some seeds; tells whether one answered. */
  async #joinThrough(seeds: readonly string[], signal: AbortSignal): Promise<boolean> {
    const asked = seeds.map(async (seed) => {
      try {
        return (await this.#endpoint.ask(seed, this.#core.joinMessage(), signal)) > 0;
      } catch (error) {
        // A seed that is not there, or too slow: another one may have answered.
        if (isClorthoError(error, 'CLORTHO_UNAVAILABLE') || isClorthoError(error, 'CLORTHO_ABORTED'))
          return false;
        throw error;
      }
    });
    // One that is silent holds nobody up, but who refuses does not speak for the others.
    return new Promise((resolve, reject) => {
      for (const one of asked) one.then(() => this.#isDecided && resolve(true), reject);
      Promise.all(asked).then((all) => resolve(all.includes(true)), reject);
    });
  }

  #findSeeds(signal: AbortSignal | undefined): Promise<string[]> {
    const { seeds, random } = this.#options;
    const shuffled = (addresses: readonly string[]): string[] => {
      const left = [...addresses];
      return addresses.map(() => left.splice(randomBelow(random, left.length), 1)[0] as string);
    };
    return findSeeds(seeds, this.address, shuffled, signal);
  }

  /** Sleeps until the next deadline of the core, again and again. */
  async #keepTime(): Promise<void> {
    while (!this.#closing.signal.aborted && this.#core.wakeAt < Number.POSITIVE_INFINITY) {
      const ms = this.#core.wakeAt - this.#clock.monotonic();
      if (ms > 0) {
        this.#sleep = new AbortController();
        this.#sleepUntil = this.#core.wakeAt;
        await this.#pause(Math.ceil(ms), this.#sleep.signal);
      }
      if (!this.#closing.signal.aborted) this.#core.wake();
    }
  }

  /** Tries seeds that are no members: behind one of them may be the other half of a cluster that was split. */
  async #keepSeeds(): Promise<void> {
    const { healMs } = this.#options.tuning;
    for (;;) {
      await this.#pause(healMs, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      const members = new Set(this.#reachable().map(({ address }) => address));
      const [stranger] = (await this.#seedsNow()).filter((address) => !members.has(address));
      if (stranger !== undefined && !this.#closing.signal.aborted) this.#core.contact(stranger);
    }
  }

  async #seedsNow(): Promise<string[]> {
    try {
      return await this.#findSeeds(this.#closing.signal);
    } catch {
      // A source that fails is asked again next time; the members that are known are enough until then.
      this.#seedFailures += 1;
      return [];
    }
  }

  #rearm(): void {
    if (this.#core.wakeAt < this.#sleepUntil - 0.5) this.#sleep?.abort();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(ms, signal);
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_ABORTED')) throw error;
    }
  }

  #closeWith(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const onAbort = (): void => {
      this.close().catch((error: unknown) => {
        queueMicrotask(() => {
          throw error;
        });
      });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#closing.signal.addEventListener('abort', () => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
  }

  async #end(): Promise<void> {
    this.#closing.abort(abortedError());
    this.#sleep?.abort();
    for (const watch of this.#watches) watch.end();
    await this.#endpoint.close();
  }

  #change(key: string, value: Uint8Array | undefined, valueClass: ValueClass): void {
    this.#throwIfClosed();
    if (typeof key === 'string' && key.startsWith(RESERVED_PREFIX))
      throw new ClorthoError('CLORTHO_INVALID', `keys that begin with $ are reserved: key=${key}`);
    this.#core.change(key, value, valueClass);
  }

  #read(node: string, key: string): GossipValue | undefined {
    const value =
      node === this.name
        ? this.#core.values.read(key)
        : this.#core.view.of(memberId(node))?.kv.entries.get(key)?.value;
    return value === undefined ? undefined : decodeValue(value);
  }

  #reachable(): Member[] {
    return [...this.#core.view.records()]
      .filter(([, { item }]) => item.status < DEAD)
      .map(([, { item }]) => memberOf(item));
  }

  /** Whoever is told of a start that it believes speaks of it in its answer. */
  #throwIfRefused(): void {
    const { isStopped, isAccepted } = this.#core.membership;
    if (isAccepted && !isStopped) return;
    const { name } = this;
    const problem = isStopped
      ? 'a later start of this name is known'
      : 'the members do not believe the generation, or there are too many';
    throw new ClorthoError(
      'CLORTHO_CONFLICT',
      `${problem}: name=${name} generation=${this.#options.generation}`,
    );
  }

  #throwIfClosed(): void {
    if (this.#closed !== undefined)
      throw new ClorthoError('CLORTHO_CLOSED', `the membership is over: name=${this.name}`);
  }

  #onEvent(event: CoreEvent): void {
    switch (event.type) {
      case 'degraded':
        return this.#events.tell('degraded', { score: event.score });
      case 'conflict':
        this.#events.tell('conflict', { other: memberOf(event.member), stops: event.stops });
        if (event.stops) queueMicrotask(() => this.#closeWith(AbortSignal.abort()));
        return undefined;
      case 'forget':
        return this.#noteKeys(event.member.name, event.keys);
      case 'update':
        this.#noteKeys(event.member.name, event.keys);
        return this.#events.tell('update', { member: memberOf(event.member), keys: event.keys });
      case 'join':
      case 'alive':
      case 'suspect':
      case 'dead':
      case 'left':
        return this.#events.tell(event.type, memberOf(event.member));
    }
  }

  #noteKeys(node: string, keys: readonly string[]): void {
    for (const key of keys) {
      if (key.startsWith(RESERVED_PREFIX)) continue;
      for (const watch of this.#watches) watch.note(node, key);
    }
  }
}
