/** Whole numbers on the command line. */
import { InvalidArgumentError } from 'commander';

/** Returns a parser of whole numbers from `least` on. */
export function parseCount(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(
      `expected a whole number of ${least} or more, got ${JSON.stringify(text)}.`,
    );
  };
}
