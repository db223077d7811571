/**
 * Waiting that something may cut short: whoever changes what others wait for gives a pulse.
 *
 * Invariants:
 * - A wait that ended has left no listener and no timer behind.
 */
import { type Clock, shared, throwIfAborted } from '@clortho/base';

/** A reason of its own for every abort would take longer than the wait. */
const OVER = 'over';
/** Timers count whole milliseconds; a wait for the rest of one would be no wait. */
const WAIT_MS_MIN = 1;

/** See the module. */
export class Pulse {
  readonly #clock: Clock;
  /** Who waits, and for what: for nothing in particular, `undefined`. */
  readonly #waits = new Map<AbortController, string | undefined>();
  #isClosed = false;

  /** Creates a pulse whose waits take the time of `clock`. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends all waits; with a topic, those for it. */
  beat(topic?: string): void {
    for (const [wait, waitsFor] of this.#waits) {
      if (topic !== undefined && waitsFor !== topic) continue;
      this.#waits.delete(wait);
      wait.abort(OVER);
    }
  }

  /** Ends all waits, those to come included. */
  close(): void {
    this.#isClosed = true;
    this.beat();
  }

  /**
   * Returns after `ms` milliseconds or with the next beat for all or for `topic`, whichever comes first.
   *
   * @throws {ClorthoError} `CLORTHO_ABORTED` as soon as `signal` aborts.
   */
  async wait(ms: number, signal?: AbortSignal, topic?: string): Promise<void> {
    throwIfAborted(signal);
    if (this.#isClosed) return;
    const wait = new AbortController();
    const onAbort = (): void => wait.abort(OVER);
    this.#waits.set(wait, topic);
    shared(signal)?.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#clock.sleep(Math.max(WAIT_MS_MIN, ms), wait.signal);
    } catch (error) {
      throwIfAborted(signal);
      if (!wait.signal.aborted) throw error;
    } finally {
      this.#waits.delete(wait);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}
