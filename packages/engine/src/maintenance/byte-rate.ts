/**
 * A budget of bytes per second, for all that share it.
 *
 *     time    ──┬───────────┬──────┬────────▶
 *               │ 2 MiB     │ 1 MiB│          each waits until what was granted before is paid for
 *
 * Invariants:
 * - What was granted from any moment on exceeds the rate by at most one piece of work and a tenth of a second.
 */
import { type Clock, ClorthoError } from '@clortho/base';

/** How much unused time counts later, in milliseconds. */
const SAVED_MS = 100;

/** See the module. */
export class ByteRate {
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  /** When all that was granted is paid for, in milliseconds of the monotonic clock. */
  #paidAt = Number.NEGATIVE_INFINITY;

  /**
   * Creates a budget; `undefined` is unlimited.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the rate is not above zero.
   */
  constructor(clock: Clock, bytesPerSecond: number | undefined) {
    if (bytesPerSecond !== undefined && !(bytesPerSecond > 0))
      throw new ClorthoError('CLORTHO_INVALID', `bytesPerSecond is above zero: found=${bytesPerSecond}`);
    this.#clock = clock;
    this.#bytesPerMs = (bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000;
  }

  /** Waits until `bytes` may be read or written. @throws {ClorthoError} `CLORTHO_ABORTED`. */
  async spend(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return;
    const now = this.#clock.monotonic();
    const begin = Math.max(this.#paidAt, now - SAVED_MS);
    this.#paidAt = begin + bytes / this.#bytesPerMs;
    if (begin > now) await this.#clock.sleep(begin - now, signal);
  }
}
