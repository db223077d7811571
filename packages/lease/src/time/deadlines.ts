/**
 * Calls that end in time: what takes longer is aborted, and says so.
 *
 * One timer serves all calls that are under way. It is not touched when they end, which nearly all do at once: it finds
 * nothing to abort then.
 *
 * Invariants:
 * - A call that ended leaves no listener behind. After `close` there is no timer, either.
 */
import { abortedError, type Clock, ClorthoError, isClorthoError, shared } from '@clortho/base';

interface Call {
  readonly endMs: number;
  readonly abort: AbortController;
}

/** See the module. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #calls = new Set<Call>();
  readonly #close = new AbortController();
  #isWatching = false;

  /** Gives every call `ms` milliseconds. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /**
   * Calls `work` with a signal that aborts when its time is over or `signal` aborts, and returns what it returns.
   *
   * @throws {ClorthoError} `CLORTHO_UNAVAILABLE` if the time was over and the work came to nothing for certain;
   *   `CLORTHO_ABORTED` if `signal` aborted; else what `work` throws.
   */
  async run<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal?.aborted === true) throw abortedError(signal);
    const call: Call = { endMs: this.#clock.monotonic() + this.#ms, abort: new AbortController() };
    const onAbort = (): void => call.abort.abort(signal?.reason);
    shared(signal)?.addEventListener('abort', onAbort, { once: true });
    this.#calls.add(call);
    this.#watch();
    try {
      return await work(call.abort.signal);
    } catch (error) {
      const late: unknown = call.abort.signal.reason;
      if (isClorthoError(error, 'CLORTHO_ABORTED') && isLate(late)) throw late;
      throw error;
    } finally {
      this.#calls.delete(call);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Stops the timer: what is under way may take as long as it likes. */
  close(): void {
    this.#close.abort(CLOSED);
  }

  #watch(): void {
    if (this.#isWatching || this.#close.signal.aborted) return;
    this.#isWatching = true;
    this.#abortLate().catch((error: unknown) => {
      // Only the end of the deadlines ends the sleep in between.
      if (!this.#close.signal.aborted) throw error;
    });
  }

  async #abortLate(): Promise<void> {
    // All calls have the same time, so the first of them is due first.
    for (let [first] = this.#calls; first !== undefined; [first] = this.#calls) {
      const leftMs = first.endMs - this.#clock.monotonic();
      if (leftMs > 0) await this.#clock.sleep(Math.max(1, leftMs), this.#close.signal);
      else {
        this.#calls.delete(first);
        first.abort.abort(new ClorthoError('CLORTHO_UNAVAILABLE', `no answer in time: ms=${this.#ms}`));
      }
    }
    this.#isWatching = false;
  }
}

const CLOSED = 'closed';

function isLate(reason: unknown): reason is ClorthoError {
  return isClorthoError(reason, 'CLORTHO_UNAVAILABLE');
}
