/** The checker against a judge that tries everything, on random histories of a few operations. */
import { type Random, randomBelow, seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { checkHistory, type HistoryOperation } from '../../src/index.ts';
import { hasDatedOrder, hasOrder } from './oracle.ts';

const KEYS = ['x', 'y', 'z'];
const shardOf = (key: string): number => (key === 'z' ? 2 : 1);
const RUNS = Number(process.env.CLORTHO_RUNS ?? 1) * 4000;

function randomHistory(random: Random, isDated: boolean): HistoryOperation[] {
  const below = (bound: number): number => randomBelow(random, bound);
  const chance = (one: number, of: number): boolean => below(of) < one;
  const some = (keys: readonly string[]): string[] => keys.filter(() => chance(1, 2));
  const count = 3 + below(4);
  const isUnique = chance(1, 2);
  const drawn = (key: string): string | undefined => {
    const value = below(isUnique ? count + 1 : 3);
    return value === 0 ? undefined : `${key}${value}`;
  };
  let date = 0;
  return Array.from({ length: count }, (_, index) => {
    const invoked = chance(1, 3) ? below(10) : index * 2;
    const outcome = chance(1, 5) ? 'unknown' : chance(1, 12) ? 'failed' : 'ok';
    const returned = invoked + below(6);
    const base = { process: 'ab'.charAt(below(2)), invoked, returned, outcome } as const;
    const keys = some(KEYS);
    if (chance(1, 2)) {
      date += 4;
      const writes = (keys.length > 0 ? keys : ['x']).map((key) => {
        const value = isUnique ? `${key}${index + 1}` : drawn(key);
        return { key, value: chance(1, 6) ? undefined : value };
      });
      const reads = chance(1, 4) ? some(KEYS).map((key) => ({ key, value: drawn(key) })) : [];
      const timestamp = isDated && (outcome === 'ok' || chance(1, 4)) ? date : undefined;
      return { ...base, reads, writes, timestamp };
    }
    const reads = keys.map((key) => ({ key, value: drawn(key) }));
    const kind = isDated ? below(3) : 0;
    return {
      ...base,
      reads,
      ...(kind === 1 && { asOf: 2 + 2 * below(date / 2 + 1) }),
      ...(kind === 2 && { stalenessMax: 1 + below(6) }),
    };
  });
}

describe('a checked history', () => {
  it('without timestamps is valid exactly if some order explains it', () => {
    const counts = { valid: 0, invalid: 0, undecided: 0 };
    for (let seed = 0; seed < RUNS; seed += 1) {
      const history = randomHistory(seededRandom(seed), false);
      const { verdict } = checkHistory(history);
      counts[verdict] += 1;
      expect([seed, verdict]).toEqual([seed, hasOrder(history) ? 'valid' : 'invalid']);
    }
    expect(counts.undecided).toBe(0);
    expect(Math.min(counts.valid, counts.invalid)).toBeGreaterThan(RUNS / 10);
  });

  it('with timestamps is valid exactly if some order, dates and cuts explain it', () => {
    const counts = { valid: 0, invalid: 0, undecided: 0 };
    for (let seed = 0; seed < RUNS; seed += 1) {
      const history = randomHistory(seededRandom(seed), true);
      const isExplained = hasDatedOrder(history, shardOf);
      const { verdict } = checkHistory(asDated(history), { shardOf });
      counts[verdict] += 1;
      expect([seed, verdict]).toEqual([seed, isExplained ? 'valid' : 'invalid']);
    }
    expect(counts.undecided).toBe(0);
    expect(Math.min(counts.valid, counts.invalid)).toBeGreaterThan(RUNS / 10);
  });
});

/** Adds a read of nothing in the past: what remains has timestamps even if no write has one. */
function asDated(history: readonly HistoryOperation[]): HistoryOperation[] {
  return [...history, { process: 'c', invoked: 0, returned: 0, outcome: 'ok', asOf: 0 }];
}
