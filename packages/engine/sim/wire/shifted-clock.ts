/** A clock of somebody else: its time of day is off, and it can be moved ahead of the world, so that leases run out. */
import type { Clock } from '@clortho/base';

/** See the module. */
export interface ShiftedClock extends Clock {
  /** Moves the clock ahead; sleeps do not notice. */
  leap(ms: number): void;
}

/** Returns a clock whose time of day differs from that of `clock` by so much. */
export function shiftedClock(clock: Clock, offMs: number): ShiftedClock {
  let leaptMs = 0;
  return {
    now: () => clock.now() + Math.round((offMs + leaptMs) * 1000),
    monotonic: () => clock.monotonic() + leaptMs,
    sleep: (ms, signal) => clock.sleep(ms, signal),
    leap(ms) {
      leaptMs += ms;
    },
  };
}
