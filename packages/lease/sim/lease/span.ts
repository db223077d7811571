/** The figures of a span of seeds. */
import type { RunResult } from './run-seed.ts';

/** What became of some runs. */
export interface Figures {
  readonly runs: number;
  readonly granted: number;
  readonly written: number;
  readonly crashes: number;
  /** The runs that broke a promise. */
  readonly failures: readonly RunResult[];
}

/** Returns the figures of no runs. */
export function noFigures(): Figures {
  return { runs: 0, granted: 0, written: 0, crashes: 0, failures: [] };
}

/** Returns the figures of some runs and one more. */
export function addResult(figures: Figures, result: RunResult): Figures {
  const failures = result.problems.length > 0 ? [result] : [];
  return addFigures(figures, { ...result, runs: 1, failures });
}

/** Returns the figures of two lots of runs. */
export function addFigures(left: Figures, right: Figures): Figures {
  return {
    runs: left.runs + right.runs,
    granted: left.granted + right.granted,
    written: left.written + right.written,
    crashes: left.crashes + right.crashes,
    failures: [...left.failures, ...right.failures],
  };
}
