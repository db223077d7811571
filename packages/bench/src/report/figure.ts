/**
 * One measured figure and what is asked of it.
 *
 * Invariants:
 * - A bar decides whether a benchmark passes. A goal is an absolute rate that depends on the machine: it is shown, and decides
 *   nothing.
 */

/** What a figure must come to. */
export type Bar = { readonly least: number } | { readonly most: number } | { readonly exactly: number };

/** A figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: Bar | undefined;
  /** At least so much is hoped for. */
  readonly goal?: number | undefined;
  /** The bar holds for any amount of rows, so that a short run is judged by it, too. */
  readonly atAnySize?: boolean | undefined;
}

/** Figures that belong together. */
export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

/** What becomes of a figure. */
export type Verdict = 'ok' | 'MISSED' | 'not judged' | 'goal met' | 'below goal' | '';

/** Returns the verdict; a short run is judged only by what holds at any size. */
export function verdictOf({ value, bar, goal, atAnySize = false }: Figure, isShort: boolean): Verdict {
  if (bar !== undefined) {
    if (isShort && !atAnySize) return 'not judged';
    return isMet(value, bar) ? 'ok' : 'MISSED';
  }
  if (goal === undefined) return '';
  return value >= goal ? 'goal met' : 'below goal';
}

/** Returns the bar in words. */
export function barText({ bar, goal, unit }: Figure): string {
  if (bar === undefined) return goal === undefined ? '' : `goal ${withUnit(goal, unit)}`;
  if ('least' in bar) return `at least ${withUnit(bar.least, unit)}`;
  if ('most' in bar) return `at most ${withUnit(bar.most, unit)}`;
  return `exactly ${withUnit(bar.exactly, unit)}`;
}

/** Returns the value with three digits that matter, and its unit. */
export function valueText({ value, unit }: Figure): string {
  return withUnit(value, unit);
}

function isMet(value: number, bar: Bar): boolean {
  if ('least' in bar) return value >= bar.least;
  if ('most' in bar) return value <= bar.most;
  return value === bar.exactly;
}

function withUnit(value: number, unit: string): string {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const number = value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit === '' ? number : `${number} ${unit}`;
}
