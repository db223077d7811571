/**
 * Until when a session may believe in itself.
 *
 * Invariants:
 * - Validity is only ever extended while it lasts; once it was seen to be over, it has to be begun anew.
 */
import type { Clock } from '@clortho/base';
import { WakingTime } from '../time/waking-time.ts';

/** A moment in the time that validity is counted in. */
export interface Moment {
  readonly ms: number;
  /** How much of it no monotonic clock has seen. */
  readonly skippedMs: number;
}

/** What a look at validity shows. */
export type ValidityState = 'valid' | 'expired' | 'suspended' | 'none';

/** See the module. */
export class Validity {
  readonly #waking: WakingTime;
  readonly #lengthMs: number;
  #untilMs = Number.NEGATIVE_INFINITY;
  #skippedMs = 0;
  #isOn = false;

  /** Creates a validity that has not begun; it lasts `lengthMs` from the sending of a renewal. */
  constructor(clock: Clock, lengthMs: number) {
    this.#waking = new WakingTime(clock);
    this.#lengthMs = lengthMs;
  }

  /** Returns this moment. */
  now(): Moment {
    return { ms: this.#waking.now(), skippedMs: this.#waking.skippedMs };
  }

  /** Begins or extends validity by what was sent at a moment; tells whether that reaches beyond this one. */
  count(sent: Moment): boolean {
    const untilMs = sent.ms + this.#lengthMs;
    if (untilMs <= this.#waking.now()) return false;
    this.#untilMs = untilMs;
    this.#skippedMs = sent.skippedMs;
    this.#isOn = true;
    return true;
  }

  /** Ends validity. */
  end(): void {
    this.#isOn = false;
  }

  /** Looks at the clocks. `none` if validity has ended before. */
  state(): ValidityState {
    if (!this.#isOn) return 'none';
    const nowMs = this.#waking.now();
    if (nowMs < this.#untilMs) return 'valid';
    const sleptMs = this.#waking.skippedMs - this.#skippedMs;
    return nowMs - sleptMs < this.#untilMs ? 'suspended' : 'expired';
  }

  /** Returns the milliseconds that are left, without remembering that anybody asked. */
  peekRemainingMs(): number {
    return this.#isOn ? Math.max(0, this.#untilMs - this.#waking.peek()) : 0;
  }
}
