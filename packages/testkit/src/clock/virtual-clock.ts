/**
 * A clock that moves only when told, so that a test waits for nothing and repeats exactly.
 *
 *     advance(10)      |----------------------------------->|
 *     due sleeps          3 ms         7 ms   7 ms
 *                         fire, settle fire   fire, settle    then now() = start + 10 ms
 *
 * Invariants:
 * - Sleeps fire in the order in which they end; those that end together fire in the order of their calls.
 * - When a sleep fires, the clock shows the time at which it ends, and what it woke runs until it waits
 *   again before the next one fires: a sleep begun by a woken task fires in the same advance if it is due.
 * - An aborted sleep is forgotten at once. A sleep of zero takes one turn of the event loop and no advance.
 */
// oxlint-disable-next-line no-restricted-imports -- no time passes: a turn only lets woken tasks run on
import { setImmediate as turn } from 'node:timers/promises';
import { abortedError, type Clock, ClorthoError } from '@clortho/base';

/** A {@link Clock} driven by its test; see {@link virtualClock}. */
export interface VirtualClock extends Clock {
  /** How many sleeps wait. */
  readonly pending: number;
  /** When the next sleep ends, in milliseconds from now; `undefined` if none waits. */
  readonly nextDueMs: number | undefined;
  /**
   * Moves the clock `ms` milliseconds ahead and fires the sleeps that end on the way. Returns when the tasks
   * that they woke have settled; real I/O that they began is not waited for. One advance at a time.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if `ms` is not a number of at least 0, or an advance is under way.
   */
  advance(ms: number): Promise<void>;
  /**
   * Moves the clock from sleep to sleep until `work` has settled, at most `ms` milliseconds ahead; tells whether it
   * has. Costs one turn of the event loop per sleep.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` as {@link advance}; what `work` rejects with.
   */
  advanceUntil(work: Promise<unknown>, ms: number): Promise<boolean>;
  /** Moves `now()` by `micros`, back too, as a corrected wall clock does; `monotonic()` and sleeps do not notice. */
  shiftNow(micros: number): void;
}

/** Where a {@link VirtualClock} starts. */
export interface VirtualClockOptions {
  /** The first `now()`, in microseconds since the Unix epoch; by default 2024-01-01T00:00:00Z. */
  readonly epochMicros?: number | undefined;
  /** The first `monotonic()`, in milliseconds; by default 0. */
  readonly monotonicMs?: number | undefined;
}

interface Sleep {
  readonly endMs: number;
  readonly wake: () => void;
}

const EPOCH_MICROS_DEFAULT = 1_704_067_200_000_000;

/** Returns a clock that stands still until {@link VirtualClock.advance}. */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const startMs = options.monotonicMs ?? 0;
  let epochMicros = options.epochMicros ?? EPOCH_MICROS_DEFAULT;
  let monotonicMs = startMs;
  let advancing = false;
  const sleeps = new Set<Sleep>();

  const nextSleep = (): Sleep | undefined => {
    let next: Sleep | undefined;
    for (const sleep of sleeps) if (next === undefined || sleep.endMs < next.endMs) next = sleep;
    return next;
  };

  // A turn of the event loop ends only when no microtask is left: one settles chains of any length.
  const moveTo = async (endMs: number, isDone: () => boolean): Promise<void> => {
    await turn();
    for (let next = nextSleep(); !isDone() && next !== undefined && next.endMs <= endMs; next = nextSleep()) {
      monotonicMs = next.endMs;
      sleeps.delete(next);
      next.wake();
      await turn();
    }
    if (!isDone()) monotonicMs = endMs;
  };

  const move = async (ms: number, isDone: () => boolean): Promise<void> => {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new ClorthoError('CLORTHO_INVALID', `a clock advances by at least 0 ms: ms=${ms}`);
    }
    if (advancing) throw new ClorthoError('CLORTHO_INVALID', `the clock is advancing already: ms=${ms}`);
    advancing = true;
    try {
      await moveTo(monotonicMs + ms, isDone);
    } finally {
      advancing = false;
    }
  };

  return {
    get pending() {
      return sleeps.size;
    },
    get nextDueMs() {
      const next = nextSleep();
      return next === undefined ? undefined : Math.max(0, next.endMs - monotonicMs);
    },
    now: () => epochMicros + Math.round((monotonicMs - startMs) * 1000),
    monotonic: () => monotonicMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(abortedError(signal));
          return;
        }
        if (ms <= 0) {
          resolve(turn());
          return;
        }
        const onAbort = (): void => {
          sleeps.delete(sleep);
          reject(abortedError(signal));
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const sleep: Sleep = { endMs: monotonicMs + ms, wake };
        sleeps.add(sleep);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    advance: (ms) => move(ms, () => false),
    async advanceUntil(work, ms) {
      let isSettled = false;
      const settled = work.finally(() => {
        isSettled = true;
      });
      // Looked at when it is awaited below.
      settled.catch(() => undefined);
      await move(ms, () => isSettled);
      if (isSettled) await settled;
      return isSettled;
    },
    shiftNow(micros) {
      epochMicros += micros;
    },
  };
}
