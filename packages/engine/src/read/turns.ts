/**
 * Turns of the event loop, for reads that memory answers: calls that never wait, made by callers that only wait for them, would
 * go on for ever while what writes, merges and sockets wait for lies ready.
 *
 *     get get get … get │ get: over, waits ─┐         others run         ┌─ get get …
 *     0              1 ms                   └── the next turn of the loop ┘
 */
import type { Clock } from '@clortho/base';

/** How long calls go on without a turn. A commit takes about ten, one after the other. */
const TURN_MS = 1;
/** The clock is read once per so many keys. */
const KEYS_PER_LOOK = 32;

/** See the module. */
export class Turns {
  readonly #clock: Clock;
  #keys = 0;
  #began: number;
  #next: Promise<void> | undefined;

  /** Begins a turn. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  /** Counts a call for so many keys. Returns what it has to wait for before it is made, `undefined` as long as the turn lasts. */
  wait(keys: number): Promise<void> | undefined {
    if (this.#next !== undefined) return this.#next;
    this.#keys += keys;
    if (this.#keys < KEYS_PER_LOOK) return undefined;
    this.#keys = 0;
    if (this.#clock.monotonic() - this.#began < TURN_MS) return undefined;
    this.#next = this.#turn();
    return this.#next;
  }

  async #turn(): Promise<void> {
    await this.#clock.sleep(0);
    this.#began = this.#clock.monotonic();
    this.#next = undefined;
  }
}
