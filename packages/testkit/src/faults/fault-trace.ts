/**
 * The trace of a simulation: what was called, what went wrong, what took effect when, as text.
 *
 *     12.5 w1 swap#2 head@3 ! errorAfterEffect       a fault meets a call
 *     12.5 w1 swap#2 head@3 = applied                an effect, at the time at which it happens
 *     12.5 w1 swap#2 head@3 > CLORTHO_OUTCOME_UNKNOWN      what the caller is told, if it is an error
 *
 * Invariants:
 * - Two runs with the same seed have the same trace, character by character.
 */
import type { Clock } from '@clortho/base';

/** A growing trace; see {@link faultTrace}. */
export interface FaultTrace {
  /** The lines, oldest first: milliseconds on the clock, who, what. */
  readonly lines: readonly string[];
  /** Adds a line of the caller's own, at the time of the clock. */
  note(who: string, what: string): void;
  /** Returns all lines as one text. */
  text(): string;
}

/** Returns an empty trace that takes its times from `clock`. */
export function faultTrace(clock: Clock): FaultTrace {
  const lines: string[] = [];
  return {
    lines,
    note(who, what) {
      lines.push(`${Math.round(clock.monotonic() * 1000) / 1000} ${who} ${what}`);
    },
    text: () => lines.join('\n'),
  };
}
