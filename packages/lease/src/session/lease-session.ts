/**
 * A session: this process's sign of life, and everything that it holds by it.
 *
 *     start ──► live ──────────────────────────► closed         (by its process)
 *               ▲ │ ├───────────────────────────► replaced       (a second process of its name)
 *               │ ▼ └───────────────────────────► failed         (by an error that no repetition mends)
 *              lapsed: expired, suspended, fenced
 *
 * One register is renewed, however many resources are held. When validity ends, all leases end with it, and a new
 * generation begins as soon as the registers can be reached: whoever waits in `acquire` or `campaign` goes on then.
 *
 * Invariants:
 * - Validity counts from before the request that renewed it, in a time that passes during suspends, too.
 * - Renewals run where the work runs: a process that is stuck must lose its leases. They wait for nothing else.
 * - After `close` no timer, listener or call is left.
 */
import {
  abortedError,
  type Clock,
  ClorthoError,
  type Random,
  randomFraction,
  retry,
  shared,
  systemClock,
  systemRandom,
  throwIfAborted,
} from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';
import { type CampaignOptions, campaign } from '../election/campaign.ts';
import { Holdings, type Look } from '../lease/holdings.ts';
import type { Lease, LossReason } from '../lease/lease.ts';
import { waitFor } from '../lease/wait-for.ts';
import { type ListedLease, type ListOptions, listLeases } from '../listing/list-leases.ts';
import { checkedName, checkedResource } from '../record/keys.ts';
import { isPassing, isUnreadable, RegisterLine } from '../record/register-line.ts';
import { withEither } from '../time/either-signal.ts';
import { Pulse } from '../time/pulse.ts';
import { type LeaseTiming, leaseTiming } from '../time/timing.ts';
import {
  countEvent,
  type LeaseEvent,
  type LeaseListener,
  type LeaseMetrics,
  zeroMetrics,
} from './lease-event.ts';
import {
  type AcquireOptions,
  type LeaseSessionOptions,
  mintNonce,
  startPolicy,
} from './lease-session-options.ts';
import { SessionObserver } from './session-observer.ts';
import { checkedAttributes, type SessionId } from './session-record.ts';
import { SessionRegister } from './session-register.ts';
import { Validity } from './validity.ts';

/** See the module. */
export class LeaseSession implements AsyncDisposable {
  readonly name: string;
  /** The times that the session keeps. */
  readonly timing: LeaseTiming;
  /** Where sessions and leases are. */
  readonly registers: RegisterStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Finds out which other sessions are alive. */
  readonly observer: SessionObserver;
  readonly #line: RegisterLine;
  readonly #listener: LeaseListener | undefined;
  readonly #register: SessionRegister;
  readonly #holdings: Holdings;
  readonly #validity: Validity;
  readonly #pulse: Pulse;
  readonly #stop = new AbortController();
  readonly #metrics = zeroMetrics();
  #attributes: Readonly<Record<string, string>>;
  #sentMs = 0;
  #ended: LossReason | undefined;
  #loops: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /**
   * Starts a session; it is valid when this returns.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` for a name or times that cannot be; `CLORTHO_UNAVAILABLE` or
   *   `CLORTHO_OUTCOME_UNKNOWN` if the registers could not be reached for one duration; `CLORTHO_ABORTED`;
   *   `CLORTHO_CORRUPT` if the register of this name holds something else; without `takeOver`, `CLORTHO_CONFLICT` if
   *   another session of this name is not over.
   */
  static async start(options: LeaseSessionOptions): Promise<LeaseSession> {
    throwIfAborted(options.signal);
    const session = new LeaseSession(options);
    await session.#start(options.signal);
    return session;
  }

  private constructor(options: LeaseSessionOptions) {
    const { registers, name, attributes = {}, onEvent, clock = systemClock, random = systemRandom } = options;
    const { takeOver = true } = options;
    const timing = leaseTiming(options);
    this.name = checkedName(name);
    this.timing = timing;
    this.registers = registers;
    this.clock = clock;
    this.random = random;
    this.#listener = onEvent;
    this.#attributes = checkedAttributes(attributes);
    this.#validity = new Validity(clock, timing.durationMs - timing.guardMs);
    this.#pulse = new Pulse(clock);
    const signal = shared(this.#stop.signal);
    const line = new RegisterLine({ registers, clock, random, attemptMs: timing.attemptMs });
    this.#line = line;
    const observerNow = (): number => clock.monotonic();
    this.observer = new SessionObserver(line, name, observerNow, (event) => this.#emit(event));
    this.#register = new SessionRegister({
      line,
      name,
      nonce: mintNonce(random),
      durationMs: timing.durationMs,
      takeOver,
      ownerNow: () => this.#validity.now(),
      observerNow,
    });
    this.#holdings = new Holdings({
      line,
      signal,
      observer: this.observer,
      durationMs: timing.durationMs,
      observerNow,
      me: () => (this.valid ? this.id : undefined),
      isValid: () => this.valid,
      peekRemainingMs: () => this.remainingMs,
      mintNonce: () => mintNonce(random),
      emit: (event) => this.#emit(event),
      wake: (resource) => this.#pulse.beat(resource),
    });
  }

  /** Names the current life of the session. */
  get id(): SessionId {
    return { name: this.name, generation: this.#register.generation };
  }

  /** Whether the session is valid at this moment. */
  get valid(): boolean {
    const state = this.#validity.state();
    if (state === 'expired' || state === 'suspended') this.#lapse(state);
    return state === 'valid';
  }

  /** How much longer the session is valid if it is not renewed, in milliseconds; 0 if it is not. */
  get remainingMs(): number {
    return this.#validity.peekRemainingMs();
  }

  /** Why the session is over; `undefined` while it goes on. */
  get ended(): LossReason | undefined {
    return this.#ended;
  }

  /** Aborts when the session is over: closed, replaced, or failed. Not when it lapses. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Live counters; read-only for callers. */
  get metrics(): Readonly<LeaseMetrics> {
    return this.#metrics;
  }

  /** The leases that are held at this moment, by resource. */
  get held(): ReadonlyMap<string, Lease> {
    return this.valid ? this.#holdings.held : new Map();
  }

  /**
   * Returns a lease if the resource is to be had now, else `undefined`. Called again and again it also notices, and ends,
   * an owner that gives no sign of life.
   *
   * @throws {ClorthoError} what the registers say; `CLORTHO_INVALID`; `CLORTHO_CORRUPT` if the register of the resource
   *   holds something else; `CLORTHO_ABORTED`; `CLORTHO_CLOSED`, or `CLORTHO_FENCED` if the session was replaced.
   */
  async tryAcquire(
    resource: string,
    { signal }: Pick<AcquireOptions, 'signal'> = {},
  ): Promise<Lease | undefined> {
    const { lease } = await this.#look(checkedResource(resource), signal);
    return lease;
  }

  /**
   * Returns a lease as soon as the resource is to be had. While the registers cannot be reached it goes on waiting.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if that took longer than `waitMs`; else as
   *   {@link LeaseSession.tryAcquire}.
   */
  async acquire(resource: string, options: AcquireOptions = {}): Promise<Lease> {
    const { waitMs = Number.POSITIVE_INFINITY, signal } = options;
    checkedResource(resource);
    return waitFor({
      resource,
      waitMs,
      pollMs: this.timing.pollMs,
      clock: this.clock,
      random: this.random,
      pulse: this.#pulse,
      signal,
      look: (patience) => this.#look(resource, signal, patience),
      lookMs: this.timing.attemptMs,
    });
  }

  /**
   * Asks the holder of a resource to hand it over to the session of this name; it hears of it with its next renewal, and
   * decides. Returns whether anybody holds it.
   *
   * @throws {ClorthoError} what the registers say; `CLORTHO_INVALID`; `CLORTHO_CLOSED`.
   */
  async offer(resource: string, to: string): Promise<boolean> {
    this.#refuseEnded();
    return this.#holdings.offer(checkedResource(resource), checkedName(to), this.#stop.signal);
  }

  /**
   * Yields a lease for every term of this process as the only one, one after the other: a leader election. A term ends
   * with its lease; what the loop leaves valid is released when it asks for the next, or ends. The iteration ends when
   * `signal` aborts or the session is closed.
   *
   * @throws {ClorthoError} as {@link LeaseSession.acquire}, but for the two above.
   */
  campaign(resource: string, options: CampaignOptions = {}): AsyncGenerator<Lease, void, undefined> {
    return campaign(this, resource, options);
  }

  /** Yields what can be leased below `prefix`, in byte order, and who owns it. */
  list(prefix = '', options: ListOptions = {}): AsyncGenerator<ListedLease, void, undefined> {
    return listLeases(this.registers, prefix, options);
  }

  /**
   * Sets what others can read of this session, from the next renewal on.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if one is no string, or all are larger than 16 KiB.
   */
  announce(attributes: Readonly<Record<string, string>>): void {
    this.#attributes = checkedAttributes(attributes);
  }

  /**
   * Gives back, in the time of a renewal or two, what the registers say is this session's and nobody here holds. What
   * they say is another's, or an earlier generation's, stays as it is.
   */
  disown(resource: string): void {
    this.#holdings.disown(checkedResource(resource));
  }

  /** Tells, as an event, of a register that was passed over as unreadable. @throws `error` if it says anything else. */
  passOver(register: string, error: unknown): void {
    if (!isUnreadable(error)) throw error;
    this.#emit({ type: 'unreadable', register, error });
  }

  /**
   * Ends the session. All leases are lost at once, as `closed`, and others may take them when this returns: it is one
   * write, however many there are. Where the registers cannot be reached, others wait for a duration as after a crash.
   * Idempotent.
   */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      const isOwnWill = this.#ended === undefined;
      // First of all: those who are told of the end may close, too.
      this.#closing = Promise.resolve().then(() => this.#close(isOwnWill));
      this.#end('closed', undefined);
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const { clock, random } = this;
    const context = { clock, random, signal };
    try {
      await retry(startPolicy(this.timing), context, isPassing, () => this.#begin(signal));
      // It may have begun too slowly, and was replaced when it tried again.
      this.#refuseEnded();
    } catch (error) {
      this.#line.close();
      throw error;
    }
    const onAbort = (): void => {
      this.close().catch((error: unknown) => this.#emit({ type: 'ended', reason: 'closed', error }));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#stop.signal.addEventListener('abort', () => signal?.removeEventListener('abort', onAbort));
    this.#loops = Promise.all([this.#renewals(), this.#expiry(), this.#debts()]);
    if (signal?.aborted === true) onAbort();
  }

  async #close(isOwnWill: boolean): Promise<void> {
    await this.#loops;
    try {
      if (isOwnWill) await this.#register.end();
    } finally {
      this.#line.close();
    }
  }

  /** Renews while the session is valid, begins it again while it is not. */
  async #renewals(): Promise<void> {
    const { renewMs } = this.timing;
    // Processes that were started together need not renew together.
    let nextMs = this.#sentMs + renewMs * (0.5 + randomFraction(this.random) / 2);
    let hasFailed = false;
    await this.#untilEnded(async (signal) => {
      const isLapsed = !this.valid && !hasFailed;
      const waitMs = nextMs - this.#validity.now().ms;
      if (waitMs > 0 && !isLapsed) return this.#pulse.wait(waitMs, signal);
      try {
        if (isLapsed || !this.valid) await this.#begin(signal);
        else await this.#renew(signal);
        hasFailed = false;
        nextMs = this.#sentMs + renewMs;
      } catch (error) {
        if (!isPassing(error)) throw error;
        hasFailed = true;
        nextMs = Math.max(
          nextMs,
          this.#validity.now().ms + (renewMs / 8) * (0.5 + randomFraction(this.random)),
        );
        this.#emit({ type: 'renewal failed', validForMs: this.remainingMs, error });
      }
    });
  }

  /** Ends validity on time, also when nobody asks for it. */
  async #expiry(): Promise<void> {
    await this.#untilEnded(async (signal) => {
      if (this.valid) await this.clock.sleep(Math.max(1, this.remainingMs), signal);
      else await this.#pulse.wait(this.timing.durationMs, signal);
    });
  }

  /** Looks after debts, beside the renewals: those must not wait for anything. */
  async #debts(): Promise<void> {
    await this.#untilEnded(async (signal) => {
      await this.clock.sleep(this.timing.renewMs, signal);
      if (this.valid) await this.#holdings.payDebts(signal);
    });
  }

  /** Repeats a step until the session is over; an error that no repetition mends makes it so. */
  async #untilEnded(step: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await step(signal);
      } catch (error) {
        if (!signal.aborted) this.#end('failed', error);
      }
    }
  }

  async #begin(signal: AbortSignal | undefined): Promise<void> {
    const beat = await this.#register.begin(this.#attributes, signal);
    if (beat.kind !== 'beat') {
      this.#end('replaced', undefined);
      return;
    }
    // What was begun while it was closed is ended by that.
    if (this.#ended !== undefined) return;
    this.#sentMs = beat.sent.ms;
    if (!this.#validity.count(beat.sent)) {
      throw new ClorthoError('CLORTHO_UNAVAILABLE', `the session began too slowly: name=${this.name}`);
    }
    this.#emit({ type: 'begun', session: this.id });
    this.#pulse.beat();
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const beat = await this.#register.renew(this.#attributes, signal);
    if (beat.kind === 'replaced') this.#end('replaced', undefined);
    else if (beat.kind === 'fenced') this.#lapse('fenced');
    // What came back too late renews nothing: no lease comes back to life.
    else if (this.valid) {
      this.#sentMs = beat.sent.ms;
      this.#validity.count(beat.sent);
      this.#emit({ type: 'renewed', validForMs: this.remainingMs });
      this.#holdings.receive(beat.offers);
    }
  }

  #lapse(reason: LossReason): void {
    const session = this.id;
    this.#validity.end();
    this.#emit({ type: 'lapsed', session, reason });
    this.#holdings.loseAll(reason);
    this.#pulse.beat();
  }

  #end(reason: LossReason, error: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#validity.end();
    this.#holdings.loseAll(reason);
    this.#emit({ type: 'ended', reason, error });
    this.#stop.abort(error ?? endedError(this.name, reason));
    this.#pulse.close();
  }

  async #look(resource: string, signal?: AbortSignal, patience?: AbortSignal): Promise<Look> {
    throwIfAborted(signal);
    this.#refuseEnded();
    try {
      return await withEither(this.#stop.signal, signal, (either) =>
        this.#holdings.tryAcquire(resource, either, patience),
      );
    } catch (error) {
      if (signal?.aborted === true) throw abortedError(signal);
      this.#refuseEnded();
      throw error;
    }
  }

  #refuseEnded(): void {
    if (this.#ended !== undefined) throw endedError(this.name, this.#ended, this.#stop.signal.reason);
  }

  #emit(event: LeaseEvent): void {
    countEvent(this.#metrics, event);
    const listener = this.#listener;
    // A listener that throws must not stop a session halfway.
    if (listener !== undefined) queueMicrotask(() => listener(event));
  }
}

function endedError(name: string, reason: LossReason, cause?: unknown): ClorthoError {
  return new ClorthoError(
    reason === 'replaced' ? 'CLORTHO_FENCED' : 'CLORTHO_CLOSED',
    `the session is over: name=${name} reason=${reason}`,
    { cause },
  );
}
