/**
 * Sharing the event loop: says when a stretch of work that never waits has lasted long enough.
 *
 * Promises that are settled at once never leave the current turn of the event loop, so a loop over them starves
 * timers, sockets and worker threads although it awaits on every step.
 */
import type { Clock } from '@clortho/base';

/** The longest such stretch in milliseconds. */
const SLICE_MS = 4;

/** Measures one piece of work. */
export class Pace {
  readonly #clock: Clock;
  readonly #stepsPerLook: number;
  #steps = 0;
  #started: number;

  /** Begins to measure; the clock is read once per `stepsPerLook` steps. */
  constructor(clock: Clock, stepsPerLook: number) {
    this.#clock = clock;
    this.#stepsPerLook = stepsPerLook;
    this.#started = clock.monotonic();
  }

  /** Counts a step; tells whether {@link Pace.pause} is due. */
  isDue(): boolean {
    this.#steps += 1;
    if (this.#steps % this.#stepsPerLook !== 0) return false;
    return this.#clock.monotonic() - this.#started > SLICE_MS;
  }

  /** Lets everything else that is ready run. */
  async pause(): Promise<void> {
    await this.#clock.sleep(0);
    this.#started = this.#clock.monotonic();
  }
}
