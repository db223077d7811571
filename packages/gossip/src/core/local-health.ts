/**
 * How much a member trusts itself: Lifeguard's local health multiplier (Dadgar, Phillips, Currey 2018).
 *
 * A slow process misses answers that were sent in time, and would accuse the healthy. So the more signs there are that it
 * is slow itself, the longer it waits before it accuses.
 *
 * Invariants:
 * - The multiplier is an integer in [1, 8].
 */

const SCORE_MAX = 7;

/** The health of the local process. */
export class LocalHealth {
  #score = 0;

  /** 0 for healthy, up to 7. */
  get score(): number {
    return this.#score;
  }

  /** By what periods and time-outs of probes are multiplied. */
  get multiplier(): number {
    return this.#score + 1;
  }

  /** Notes a sign of slowness. */
  worsen(): void {
    if (this.#score < SCORE_MAX) this.#score += 1;
  }

  /** Notes an answer in time. */
  improve(): void {
    if (this.#score > 0) this.#score -= 1;
  }
}
