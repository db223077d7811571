import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { historyWindow } from '../../src/index.ts';

const end = fc.integer({ min: -1e15, max: 2 ** 52 });
const age = fc.nat({ max: 2 ** 51 });

describe('historyWindow', () => {
  it('holds the end timestamp, aligned to its width', () => {
    fc.assert(
      fc.property(end, age, fc.integer({ min: 1, max: 1e12 }), (endTimestamp, extra, narrowest) => {
        const { start, width } = historyWindow(endTimestamp, endTimestamp + extra, narrowest);
        expect(endTimestamp >= start && endTimestamp < start + width).toBe(true);
        expect(Math.abs(start % width)).toBe(0);
        expect(width === narrowest || start + 2 * width <= endTimestamp + extra).toBe(true);
      }),
    );
  });

  it('is replaced by wider windows that contain it as time goes on', () => {
    fc.assert(
      fc.property(end, age, age, (endTimestamp, extra, more) => {
        const early = historyWindow(endTimestamp, endTimestamp + extra, 100);
        const late = historyWindow(endTimestamp, endTimestamp + extra + more, 100);
        expect(late.start <= early.start && late.start + late.width >= early.start + early.width).toBe(true);
      }),
    );
  });

  it('makes O(log age) windows', () => {
    const upper = 100_000;
    const starts = new Set<number>();
    for (let at = 0; at <= upper; at += 1) starts.add(historyWindow(at, upper, 1).start);
    expect(starts.size).toBeLessThan((9 * Math.log2(upper)) / 2);
  });
});
