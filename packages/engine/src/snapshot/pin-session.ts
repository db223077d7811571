/**
 * This process's session of pins: made with the first snapshot, renewed while there is one.
 *
 * Invariants:
 * - The session is valid until one lease after the sending of its last successful renewal, by this process's own
 *   monotonic clock. An observer waits a full lease from its own first sight, so it never ends a valid session.
 * - Changes of the register are made one after another.
 * - A pin that would not fit in the register is never among those that are written.
 */
import { type Clock, ClorthoError, isClorthoError, limiter } from '@clortho/base';
import { decodePins, encodePins, type Pin, type Pins, pinsKey } from '@clortho/manifest';
import { REGISTER_BYTES_MAX, type RegisterStore } from '@clortho/registers';

/** How long a session lives without being renewed. */
export const LEASE_MS = 60_000;
const RENEW_MS = LEASE_MS / 4;
/** How often one write of the register is sent. */
const TRIES_MAX = 6;

/** See the module. */
export class PinSession {
  readonly #registers: RegisterStore;
  readonly #clock: Clock;
  readonly #key: string;
  readonly #inOrder = limiter(1);
  readonly #pins = new Map<string, Pin>();
  #holds = 0;
  #version = 0;
  #beat = 0;
  #validUntil = Number.NEGATIVE_INFINITY;
  #lost: ClorthoError | undefined;
  #stop: AbortController | undefined;

  /** Creates a session that is not in the registers yet; `id` is unique. */
  constructor(registers: RegisterStore, clock: Clock, id: string) {
    this.#registers = registers;
    this.#clock = clock;
    this.#key = pinsKey(id);
  }

  /** How many snapshots are pinned. */
  get size(): number {
    return this.#pins.size;
  }

  /** Holds everything while `make` runs, then holds the pin that it returns. */
  async pin<T extends { readonly pin: Pin }>(make: () => Promise<T>): Promise<T> {
    let made: T;
    this.#holds += 1;
    try {
      await this.#write();
      made = await make();
      this.#checkRoom(made.pin);
    } catch (error) {
      this.#holds -= 1;
      // What could not be taken back now is forgotten with the next change, or when the lease has run out.
      if (this.#lost === undefined) await this.#write().catch(() => undefined);
      throw error;
    }
    const { pin } = made;
    this.#holds -= 1;
    this.#pins.set(pin.id, pin);
    try {
      await this.#write();
    } catch (error) {
      this.#pins.delete(pin.id);
      if (this.#pins.size === 0) this.#stop?.abort();
      // The register may still hold everything.
      if (this.#lost === undefined) await this.#write().catch(() => undefined);
      throw error;
    }
    this.#renewWhilePinned();
    return made;
  }

  /** Makes sure that a pin fits in the register, with all that are in it or on their way. */
  #checkRoom(pin: Pin): void {
    const pins = [...this.#pins.values(), pin];
    const { length } = encodePins({ beat: Number.MAX_SAFE_INTEGER, ended: false, hold: false, pins });
    if (length <= REGISTER_BYTES_MAX) return;
    const facts = `snapshots=${pins.length} bytes=${length} max=${REGISTER_BYTES_MAX}`;
    throw new ClorthoError('CLORTHO_INVALID', `too many snapshots are open in this process: ${facts}`);
  }

  /** Whether the session ended against its will: its snapshots throw, and it takes no new one. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Lets go of a pin; one that was lost is gone already. */
  async unpin(id: string): Promise<void> {
    if (!this.#pins.delete(id)) return;
    if (this.#pins.size === 0) this.#stop?.abort();
    try {
      await this.#write();
    } catch (error) {
      if (error !== this.#lost) throw error;
    }
  }

  /**
   * Returns normally while the session is valid.
   *
   * @throws {ClorthoError} `CLORTHO_CLOSED` once it has expired or was ended by an observer.
   */
  assertValid(): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#clock.monotonic() < this.#validUntil) return;
    throw this.#lose('its lease ran out before it could be renewed', undefined);
  }

  /** Ends the session and its renewals. */
  async close(): Promise<void> {
    this.#stop?.abort();
    this.#pins.clear();
    // After a first write that is under way: what it held is let go, and no pin comes after it.
    await this.#inOrder.run(async () => {
      const isWritten = this.#version > 0 && this.#lost === undefined;
      // Out of reach, it ends by itself when its lease has run out.
      if (isWritten) await this.#writeNow(true).catch(ignoreUnavailable);
      this.#lost ??= new ClorthoError('CLORTHO_CLOSED', 'the store is closed');
    });
  }

  #renewWhilePinned(): void {
    if (this.#pins.size === 0 || (this.#stop !== undefined && !this.#stop.signal.aborted)) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const renew = async (): Promise<void> => {
      while (this.#lost === undefined) {
        await this.#clock.sleep(RENEW_MS, signal);
        // Not renewed this time; `assertValid` speaks up if no later renewal makes it before the lease ends.
        await this.#write().catch(ignoreUnavailable);
      }
    };
    renew().catch((error: unknown) => {
      if (!signal.aborted) this.#lose('it could not be renewed', error);
    });
  }

  /** Writes the register after the writes before; an unknown outcome is settled by reading it back. */
  #write(ended = false): Promise<void> {
    return this.#inOrder.run(() => this.#writeNow(ended));
  }

  async #writeNow(ended: boolean): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    this.#beat += 1;
    const value: Pins = { beat: this.#beat, ended, hold: this.#holds > 0, pins: [...this.#pins.values()] };
    const sent = this.#clock.monotonic();
    const bytes = encodePins(value);
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const outcome = await this.#swap(bytes);
      if (outcome === 'ended') throw this.#lose('an observer ended it', undefined);
      if (outcome === 'again') continue;
      this.#validUntil = sent + LEASE_MS;
      return;
    }
    throw new ClorthoError('CLORTHO_UNAVAILABLE', 'the pins of this session could not be written');
  }

  /**
   * Sends one swap and keeps `#version` in step. Refused or without a reply, the register tells: it holds these bytes, or
   * the end of the session, or an earlier write of this session that has arrived late and must be written over.
   */
  async #swap(value: Uint8Array): Promise<'applied' | 'ended' | 'again'> {
    try {
      const result = await this.#registers.compareAndSwap([{ key: this.#key, expect: this.#version, value }]);
      if (result.applied) {
        this.#version += 1;
        return 'applied';
      }
    } catch (error) {
      if (!isClorthoError(error, 'CLORTHO_OUTCOME_UNKNOWN')) throw error;
    }
    const [register] = await this.#registers.read([this.#key]);
    if (register === undefined || register.version === this.#version) return 'again';
    this.#version = register.version;
    if (Buffer.compare(register.value, value) === 0) return 'applied';
    return decodePins(register.value, register.key).ended ? 'ended' : 'again';
  }

  #lose(reason: string, cause: unknown): ClorthoError {
    this.#stop?.abort();
    this.#lost ??= new ClorthoError(
      'CLORTHO_CLOSED',
      `the snapshot's pin was lost, open a new one: ${reason}`,
      { cause },
    );
    return this.#lost;
  }
}

function ignoreUnavailable(error: unknown): void {
  if (!isClorthoError(error, 'CLORTHO_UNAVAILABLE')) throw error;
}
