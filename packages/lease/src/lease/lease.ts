/**
 * A lease: one resource, one token, valid for as long as its session is and it was not given away.
 *
 * Invariants:
 * - Once invalid, a lease stays so. Before anybody is told that it is, its signal has aborted.
 * - What is valid is decided by reading clocks, never by a timer that may be late.
 */
import { ClorthoError } from '@clortho/base';
import type { RegisterChange } from '@clortho/registers';
import { resourceKey } from '../record/keys.ts';

/**
 * Why a lease is not valid any more: its session was not renewed in time (`expired`), slept too long (`suspended`), was
 * ended by another that saw no sign of life (`fenced`) or by a second process of its name (`replaced`), was `closed`, or
 * `failed` by an error that no repetition mends; or the lease itself was `handed over` or `released`.
 */
export type LossReason =
  | 'expired'
  | 'suspended'
  | 'fenced'
  | 'replaced'
  | 'closed'
  | 'failed'
  | 'handed over'
  | 'released';

/** The right to be the only one, until further notice. */
export interface Lease extends AsyncDisposable {
  readonly resource: string;
  /** Grows with every owner of the resource, for ever: what is written with a lower one comes from an earlier owner. */
  readonly token: number;
  /** Whether the lease is valid at this moment. */
  readonly valid: boolean;
  /** How much longer it is valid if nothing is renewed; 0 if it is not. In milliseconds. */
  readonly remainingMs: number;
  /** Why it is not valid; `undefined` while it is. */
  readonly lost: LossReason | undefined;
  /** Aborts when validity ends. Its reason is what {@link Lease.assertValid} throws. */
  readonly signal: AbortSignal;
  /** The name of the session that this lease was last offered to; `undefined` if it was not. */
  readonly offeredTo: string | undefined;
  /**
   * Returns normally while the lease is valid: to be called after the work, right before its effect. What may be slow
   * beyond that, a request on its way, is what the token and {@link Lease.check} are for.
   *
   * @throws {ClorthoError} `CLORTHO_FENCED` if it was lost, `CLORTHO_CLOSED` if it was given away.
   */
  assertValid(): void;
  /**
   * Returns a check to go into a `compareAndSwap` of the same register store: the swap is refused if the resource has
   * had another owner since, whatever any clock says. Needs a store with `supports.atomicMany`.
   *
   * @throws {ClorthoError} as {@link Lease.assertValid}.
   */
  check(): RegisterChange;
  /**
   * Gives the lease back. It is invalid at once; the promise resolves when others can take it. Where the registers
   * cannot be reached it resolves too: the session goes on trying with its renewals.
   */
  release(): Promise<void>;
  /**
   * Gives the lease to a live session, by default the one it was offered to: the resource is kept for it until others have
   * seen it unclaimed for a duration. The lease is invalid here before anything is sent.
   *
   * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if there is no live session of this name, `CLORTHO_INVALID` if none was
   *   named; the lease stays as it is then. As {@link Lease.assertValid} if it is not valid.
   */
  handOver(to?: string): Promise<void>;
}

/** What a lease asks of its session. */
export interface LeaseHost {
  /** Tells whether the session is valid. One that is not any more has ended its leases when this returns, or is at it. */
  isValid(): boolean;
  /** Ends a lease of a session that is not valid for the reason for which it is not. */
  endNow(lease: HeldLease): void;
  /** Milliseconds of validity left, without remembering that anybody asked. */
  peekRemainingMs(): number;
  release(lease: HeldLease): Promise<void>;
  handOver(lease: HeldLease, to: string): Promise<void>;
}

/** A lease as its session sees it. */
export class HeldLease implements Lease {
  readonly resource: string;
  readonly token: number;
  /** The version of the resource's register that gave the lease. */
  readonly version: number;
  readonly #host: LeaseHost;
  #lost: LossReason | undefined;
  #abort: AbortController | undefined;
  #offeredTo: string | undefined;
  #released: Promise<void> | undefined;

  /** Creates a lease that is as valid as its host. */
  constructor(host: LeaseHost, resource: string, token: number, version: number) {
    this.#host = host;
    this.resource = resource;
    this.token = token;
    this.version = version;
  }

  get valid(): boolean {
    return this.lost === undefined;
  }

  get lost(): LossReason | undefined {
    // Asking the host may end this lease; and where it is ending others first, this one must not wait for its turn.
    if (this.#lost === undefined && !this.#host.isValid()) this.#host.endNow(this);
    return this.#lost;
  }

  get remainingMs(): number {
    return this.#lost === undefined ? this.#host.peekRemainingMs() : 0;
  }

  get signal(): AbortSignal {
    // Most leases of a session with many are never asked for one.
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#lost !== undefined) this.#abort.abort(this.#error(this.#lost));
    }
    return this.#abort.signal;
  }

  get offeredTo(): string | undefined {
    return this.#offeredTo;
  }

  assertValid(): void {
    const { lost } = this;
    if (lost !== undefined) throw this.#error(lost);
  }

  check(): RegisterChange {
    this.assertValid();
    return { key: resourceKey(this.resource), expect: this.version };
  }

  release(): Promise<void> {
    if (this.#released === undefined) {
      // First of all: those who are told of the end may release, too.
      this.#released = Promise.resolve().then(() => released);
      const released = this.#host.release(this);
    }
    return this.#released;
  }

  async handOver(to: string | undefined = this.#offeredTo): Promise<void> {
    if (to === undefined) {
      throw new ClorthoError(
        'CLORTHO_INVALID',
        `hand over to whom? nobody was offered: resource=${this.resource}`,
      );
    }
    this.assertValid();
    await this.#host.handOver(this, to);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Ends validity for good; tells whether it had not ended before. */
  lose(reason: LossReason): boolean {
    if (this.#lost !== undefined) return false;
    this.#lost = reason;
    this.#abort?.abort(this.#error(reason));
    return true;
  }

  /** Remembers an offer. */
  offer(to: string): void {
    this.#offeredTo = to;
  }

  #error(reason: LossReason): ClorthoError {
    const isOwnWill = reason === 'released' || reason === 'handed over' || reason === 'closed';
    return new ClorthoError(
      isOwnWill ? 'CLORTHO_CLOSED' : 'CLORTHO_FENCED',
      `the lease is not held any more: resource=${this.resource} token=${this.token} reason=${reason}`,
    );
  }
}
