/**
 * Time that also passes while the machine sleeps.
 *
 * A monotonic clock stands still while a virtual machine is suspended, and the rest of the world does not. The wall
 * clock shows what was missed, and is set right or wrong at any time; so what it gained on the monotonic clock is
 * added, and what it lost is ignored: for an owner, too much time shortens a lease, too little could break it.
 *
 *     monotonic   ──────────┤ suspended ├──────────────────────────────
 *     wall        ────────────────────────────────┤ set back ├─────────
 *     this        ──────────┤  counted  ├────────┤  ignored   ├────────
 *
 * Invariants:
 * - It never passes more slowly than the monotonic clock.
 * - Only an owner counts with it. Whoever waits for others to fall silent takes the monotonic clock.
 */
import type { Clock } from '@clortho/base';

/**
 * Wall clocks are read in milliseconds and slewed all the time; less than this is no jump. So a sleep may stay unseen that
 * is shorter than two of it: where the wall clock had lost one, and gains less than one beyond that.
 */
export const JUMP_MS_MIN = 10;

/** See the module. */
export class WakingTime {
  readonly #clock: Clock;
  #offsetMs: number;
  #skippedMs = 0;

  /** Begins to watch a clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.now() / 1000 - clock.monotonic();
  }

  /** Milliseconds that passed unseen by the monotonic clock, as of the last {@link WakingTime.now}. */
  get skippedMs(): number {
    return this.#skippedMs;
  }

  /** Returns milliseconds since some fixed point, and remembers the jumps up to here. */
  now(): number {
    const monotonicMs = this.#clock.monotonic();
    const jumpMs = this.#jumpMs(monotonicMs);
    if (Math.abs(jumpMs) >= JUMP_MS_MIN) {
      this.#offsetMs += jumpMs;
      this.#skippedMs += Math.max(0, jumpMs);
    }
    return monotonicMs + this.#skippedMs;
  }

  /** Returns the same and remembers nothing. */
  peek(): number {
    const monotonicMs = this.#clock.monotonic();
    const jumpMs = this.#jumpMs(monotonicMs);
    return monotonicMs + this.#skippedMs + (jumpMs >= JUMP_MS_MIN ? jumpMs : 0);
  }

  #jumpMs(monotonicMs: number): number {
    return this.#clock.now() / 1000 - monotonicMs - this.#offsetMs;
  }
}
