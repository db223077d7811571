/** Quantiles of durations from buckets of fixed memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../src/latency-histogram.ts';

/** Half a bucket of 64 to the power of two. */
const ERROR_MOST = 1 / 128;

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram of latencies', () => {
  it('is all zeros when nothing was recorded', () => {
    expect(new LatencyHistogram().summary()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });

  it('agrees with sorting up to its two digits, for any durations from 100 nanoseconds to hours', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.0001, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, fraction) => {
          const sorted = values.toSorted((left, right) => left - right);
          const exact = sorted[Math.max(1, Math.ceil(fraction * sorted.length)) - 1] as number;
          const found = histogramOf(values).quantileMs(fraction);
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * ERROR_MOST);
        },
      ),
    );
  });

  it('keeps the count and the greatest as they are', () => {
    const values = Array.from({ length: 1000 }, (_, index) => (index + 1) / 7);
    const { count, maxMs, p50Ms, p99Ms } = histogramOf(values).summary();
    expect({ count, maxMs }).toEqual({ count: 1000, maxMs: 1000 / 7 });
    expect(p50Ms).toBeCloseTo(500 / 7, 0);
    expect(p99Ms).toBeGreaterThan(140);
    expect(p99Ms).toBeLessThan(143);
  });

  it('takes durations beyond its ends as those of its ends', () => {
    expect(histogramOf([0, 0, 1e9]).summary()).toMatchObject({ count: 3, maxMs: 1e9 });
    expect(histogramOf([0, 0, 1e9]).quantileMs(0.5)).toBeLessThan(0.0001);
    expect(histogramOf([1e9, 1e9]).quantileMs(0.5)).toBeGreaterThan(16_000_000);
  });
});
