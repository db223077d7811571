/**
 * Times across a line, by the logarithm of their age: buckets of History are wider the older they are, and about as wide
 * as each other on this axis.
 */
import type { Columns } from './key-axis.ts';

/** A span of time; both ends belong to it. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** An axis of times, the newest on the right. */
export interface AgeAxis {
  readonly oldest: number;
  readonly newest: number;
  /** Returns the columns that a span takes. */
  columnsOf(span: TimeSpan): Columns;
}

/** How many times the narrowest distance that is told apart goes into the whole axis, at most. */
const STEPS_MAX = 1e6;

/** Returns the axis of `width` characters up to `newest` on which all spans have a place. */
export function ageAxis(spans: readonly TimeSpan[], newest: number, width: number): AgeAxis {
  const oldest = Math.min(newest, ...spans.map(({ from }) => from));
  const range = newest - oldest;
  const narrowest = Math.min(range, ...spans.map(({ from, to }) => to - from).filter((one) => one > 0));
  const unit = Math.max(1, narrowest, range / STEPS_MAX);
  const whole = Math.log1p(range / unit);
  const columnOf = (time: number): number => {
    const age = whole === 0 ? 0 : Math.log1p((newest - time) / unit) / whole;
    return Math.min(width - 1, Math.floor((1 - age) * width));
  };
  return {
    oldest,
    newest,
    columnsOf: ({ from, to }) => ({ start: columnOf(from), end: columnOf(to) + 1 }),
  };
}
