/** Medians and percentiles. */

/** Returns the value below which the fraction of the numbers lies; 0 of none. */
export function percentile(numbers: readonly number[], fraction: number): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? 0;
}

/** Returns the middle one of the numbers; 0 of none. */
export function median(numbers: readonly number[]): number {
  return percentile(numbers, 0.5);
}
