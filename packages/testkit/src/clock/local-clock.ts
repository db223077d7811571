/**
 * The clocks of one machine among several: they run fast or slow, are set, and stand still while the machine sleeps.
 *
 *     world       ────────────────────┤ suspend(ms) ├──────────────────
 *     monotonic   ────────────────────               ──────────────────   at its own rate; the pause is missing
 *     now         ────────────────────────────────────────┤ shiftNow ├──   at the same rate; can be set
 *
 * Invariants:
 * - `monotonic()` never goes back. A sleep ends when `monotonic()` has passed its time.
 */
import type { Clock } from '@clortho/base';

/** A {@link Clock} of one machine; see {@link localClock}. */
export interface LocalClock extends Clock {
  /** Stops `monotonic()` for so many milliseconds of the world, from this moment on. Whatever ran should be paused, too. */
  suspend(ms: number): void;
  /** Moves `now()` by `micros`, back too. */
  shiftNow(micros: number): void;
}

/** How a {@link LocalClock} differs from the time of the world. */
export interface LocalClockOptions {
  /** How much faster it runs, in parts per million; negative if slower. 0 by default. */
  readonly driftPpm?: number | undefined;
  /** How far `now()` is off at first, in microseconds; 0 by default. */
  readonly offMicros?: number | undefined;
}

/** Less than what a sleep can miss by rounding. */
const ROUNDING_MS = 1e-6;

/** Returns the clocks of a machine in the world that `world` is the time of. */
export function localClock(world: Clock, options: LocalClockOptions = {}): LocalClock {
  const rate = 1 + (options.driftPpm ?? 0) / 1_000_000;
  const startMs = world.monotonic();
  const startMicros = world.now();
  let offMicros = options.offMicros ?? 0;
  let sleptMs = 0;
  let suspendedAtMs = 0;
  let suspendedUntilMs = Number.NEGATIVE_INFINITY;

  /** Milliseconds of the world that the machine was asleep so far. */
  const asleepMs = (nowMs: number): number =>
    sleptMs + Math.max(0, Math.min(nowMs, suspendedUntilMs) - suspendedAtMs);
  const monotonic = (): number => {
    const nowMs = world.monotonic();
    return (nowMs - startMs - asleepMs(nowMs)) * rate;
  };

  return {
    now: () => startMicros + offMicros + Math.round((world.now() - startMicros) * rate),
    monotonic,
    async sleep(ms, signal) {
      if (ms <= 0) return world.sleep(ms, signal);
      const endMs = monotonic() + ms;
      for (let leftMs = ms; leftMs > ROUNDING_MS; leftMs = endMs - monotonic()) {
        const asleepForMs = Math.max(0, suspendedUntilMs - world.monotonic());
        await world.sleep(leftMs / rate + asleepForMs, signal);
      }
    },
    suspend(ms) {
      const nowMs = world.monotonic();
      if (nowMs < suspendedUntilMs) {
        suspendedUntilMs = Math.max(suspendedUntilMs, nowMs + ms);
        return;
      }
      sleptMs = asleepMs(nowMs);
      suspendedAtMs = nowMs;
      suspendedUntilMs = nowMs + ms;
    },
    shiftNow(micros) {
      offMicros += micros;
    },
  };
}
