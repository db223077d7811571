/**
 * The bytes that may be sent: a bucket of tokens.
 *
 * Probes are always sent and only counted, because a member that is silent is thought dead. Rumours leave something for
 * exchanges of digests: in a turmoil these are what brings everybody to the same state again.
 *
 * Invariants:
 * - What is sent in any second stays below the rate, apart from probes.
 * - A storm of probes silences everything else for a fraction of a second only.
 */

/** The part of the rate that may be sent at once; the rest is what the bucket is filled with. */
const BURST_FRACTION = 1 / 6;
/** The part of the bucket that rumours leave. */
const RESERVED_FRACTION = 0.5;

/** Bytes per second, metered. */
export class ByteBudget {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  /** Creates a full budget. */
  constructor(bytesPerSecond: number, nowMs: number) {
    this.#burst = bytesPerSecond * BURST_FRACTION;
    this.#perMs = (bytesPerSecond - this.#burst) / 1000;
    this.#tokens = this.#burst;
    this.#filledAt = nowMs;
  }

  /** How many bytes rumours may take if nothing was sent before. */
  get rumourBytesMax(): number {
    return this.#burst * (1 - RESERVED_FRACTION);
  }

  /** Returns how many bytes rumours may take; negative if there are none. */
  forRumours(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens - this.#burst * RESERVED_FRACTION;
  }

  /** Takes the bytes if they are there; for rumours, if the reserve is still there afterwards. */
  take(bytes: number, nowMs: number, isRumour = false): boolean {
    const spare = this.forRumours(nowMs);
    if ((isRumour ? spare : this.#tokens) < bytes) return false;
    this.#tokens -= bytes;
    return true;
  }

  /** Takes the bytes in any case. */
  charge(bytes: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#tokens = Math.max(-this.#burst, this.#tokens - bytes);
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledAt) * this.#perMs);
    this.#filledAt = nowMs;
  }
}
