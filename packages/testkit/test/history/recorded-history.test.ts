/** Histories of a right store are valid, whatever overlaps; broken in one place they are refused. */
import { type Random, randomBelow, seededRandom } from '@clortho/base';
import { describe, expect, it } from 'vitest';
import { checkHistory, type HistoryOperation } from '../../src/index.ts';
import { recordHistory, shardOf } from './recorded-history.ts';

const RUNS = 100 * Number(process.env.CLORTHO_RUNS ?? 1);

type Mutant = (history: readonly HistoryOperation[], random: Random) => HistoryOperation[] | undefined;

/** Replaces an operation that `isVictim`, or tells that there is none. */
function replaceOne(
  history: readonly HistoryOperation[],
  random: Random,
  isVictim: (operation: HistoryOperation) => boolean,
  replace: (operation: HistoryOperation) => Partial<HistoryOperation>,
): HistoryOperation[] | undefined {
  const victims = history.filter(isVictim);
  if (victims.length === 0) return undefined;
  const victim = victims[randomBelow(random, victims.length)] as HistoryOperation;
  return history.map((operation) =>
    operation === victim ? { ...operation, ...replace(operation) } : operation,
  );
}

const isKnown = ({ outcome }: HistoryOperation): boolean => outcome === 'ok';
const hasWrites = ({ writes = [] }: HistoryOperation): boolean => writes.length > 0;
const hasReads = ({ reads = [] }: HistoryOperation): boolean => reads.length > 0;

const MUTANTS: Readonly<Record<string, Mutant>> = {
  'a read that finds another value of its key': (history, random) =>
    replaceOne(
      history,
      random,
      (operation) => isKnown(operation) && hasReads(operation),
      ({ reads = [] }) => {
        const [first, ...others] = reads;
        if (first === undefined) return {};
        const values = history.flatMap(({ writes = [] }) => writes.filter(({ key }) => key === first.key));
        const wrong = values.filter(({ value }) => value !== first.value);
        return {
          reads: [{ key: first.key, value: wrong[randomBelow(random, wrong.length)]?.value }, ...others],
        };
      },
    ),
  'a write that never took effect': (history, random) =>
    replaceOne(
      history,
      random,
      (one) => isKnown(one) && hasWrites(one),
      () => ({ outcome: 'failed', reads: [] }),
    ),
  'a batch that lost one of its writes': (history, random) =>
    replaceOne(
      history,
      random,
      (operation) => isKnown(operation) && (operation.writes ?? []).length > 1,
      ({ writes = [] }) => ({ writes: writes.slice(1) }),
    ),
  'a read that came long before': (history, random) =>
    replaceOne(
      history,
      random,
      (operation) => isKnown(operation) && !hasWrites(operation) && operation.invoked > 400,
      ({ invoked, returned = 0 }) => ({ invoked: invoked - 400, returned: returned - 400 }),
    ),
  'a write that came long after': (history, random) =>
    replaceOne(
      history,
      random,
      (operation) => isKnown(operation) && hasWrites(operation),
      ({ invoked, returned = 0 }) => ({ invoked: invoked + 400, returned: returned + 400 }),
    ),
  'a commit with another timestamp': (history, random) =>
    replaceOne(
      history,
      random,
      ({ timestamp }) => timestamp !== undefined,
      ({ timestamp = 0 }) => ({ timestamp: timestamp + 25 }),
    ),
};

/** How many of a hundred mutants are refused at least: some still make sense, for nobody looked. */
const FLOORS: Readonly<Record<string, readonly [undated: number, dated: number]>> = {
  'a read that finds another value of its key': [85, 90],
  'a write that never took effect': [65, 60],
  'a batch that lost one of its writes': [45, 40],
  'a read that came long before': [80, 75],
  'a write that came long after': [75, 90],
  'a commit with another timestamp': [0, 70],
};

const recorded = new Map<string, HistoryOperation[]>();

function historyOf(seed: number, isDated: boolean): HistoryOperation[] {
  const name = `${seed} ${isDated}`;
  const history =
    recorded.get(name) ?? recordHistory({ random: seededRandom(seed), operations: 80, clients: 4, isDated });
  recorded.set(name, history);
  return history;
}

/** Returns what is wrong with an order: a read of the latest that differs, or real time. */
function problemOf(history: readonly HistoryOperation[], order: readonly number[]): string | undefined {
  const state = new Map<string, string | undefined>();
  let invokedLast = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    const {
      asOf,
      invoked,
      outcome,
      reads = [],
      returned = 0,
      writes = [],
    } = history[index] as HistoryOperation;
    if (outcome === 'ok' && returned < invokedLast)
      return `#${index} returned before one that comes earlier began`;
    invokedLast = Math.max(invokedLast, invoked);
    const wrong = asOf === undefined ? reads.find(({ key, value }) => state.get(key) !== value) : undefined;
    if (wrong !== undefined) return `#${index} read ${wrong.key}=${wrong.value}, not ${state.get(wrong.key)}`;
    for (const { key, value } of writes) state.set(key, value);
  }
  return undefined;
}

describe.each([
  ['without timestamps', false],
  ['with timestamps', true],
])('a recorded history %s', (_, isDated) => {
  it('is valid', () => {
    for (let seed = 0; seed < RUNS; seed += 1) {
      const history = historyOf(seed, isDated);
      const verdict = checkHistory(history, { shardOf });
      expect([seed, verdict]).toEqual([seed, expect.objectContaining({ verdict: 'valid' })]);
      if (verdict.verdict === 'valid')
        expect([seed, problemOf(history, verdict.order)]).toEqual([seed, undefined]);
    }
  });

  it.each(Object.entries(MUTANTS))('is refused with %s', (name, mutate) => {
    let [made, refused] = [0, 0];
    for (let seed = 0; seed < RUNS; seed += 1) {
      const mutant = mutate(historyOf(seed, isDated), seededRandom(seed + 1));
      if (mutant === undefined) continue;
      made += 1;
      if (checkHistory(mutant, { shardOf }).verdict === 'invalid') refused += 1;
    }
    expect(made).toBe(name.includes('timestamp') && !isDated ? 0 : RUNS);
    expect((100 * refused) / Math.max(1, made)).toBeGreaterThanOrEqual(
      FLOORS[name]?.[Number(isDated)] as number,
    );
  });
});
