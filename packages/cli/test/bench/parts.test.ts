import { seededRandom, systemClock, zipf } from '@clortho/base';
import { open, parseStoreUrl, type StoreStats } from '@clortho/engine';
import { expect, test } from 'vitest';
import { dollarsOf, requestsIn, trafficBetween } from '../../src/bench/requests.ts';
import { runCallers } from '../../src/bench/run-callers.ts';
import { formatLatency } from '../../src/output/format.ts';

const how = { clock: systemClock, ms: 10_000, timedEvery: 1, onProgress: () => undefined };

test('callers make so many calls, each with a number of its own, and count rows however they overlap', async () => {
  const numbers = new Set<number>();
  const { calls, rows, latencies } = await runCallers(
    { ...how, callers: 8, callsMost: 100 },
    async (number) => {
      numbers.add(number);
      await systemClock.sleep(number % 3);
      return 2;
    },
  );
  expect({ calls, rows, numbers: numbers.size }).toEqual({ calls: 100, rows: 200, numbers: 100 });
  expect(latencies.summary().count).toBe(100);
});

test('callers whose answers never wait stop in time, and let others run', async () => {
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 1);
  const { calls, ms } = await runCallers({ ...how, callers: 2, ms: 50, timedEvery: 16 }, () => 1);
  clearInterval(ticking);
  expect(calls).toBeGreaterThan(16);
  expect(ms).toBeGreaterThanOrEqual(50);
  expect(turns).toBeGreaterThan(0);
});

test('a call that fails ends all callers, once their own calls have ended', async () => {
  let underWay = 0;
  const run = runCallers({ ...how, callers: 4 }, async (number) => {
    underWay += 1;
    await systemClock.sleep(1);
    underWay -= 1;
    if (number === 10) throw new Error('the tenth');
    return 1;
  });
  await expect(run).rejects.toThrow('the tenth');
  expect(underWay).toBe(0);
});

test('zipfian choices are skewed, within bounds, and the same for a seed', () => {
  const [choose, again] = [zipf(1000, seededRandom(7)), zipf(1000, seededRandom(7))];
  const counts = new Map<number, number>();
  for (let draw = 0; draw < 20_000; draw += 1) {
    const choice = choose();
    expect(choice).toBe(again());
    counts.set(choice, (counts.get(choice) ?? 0) + 1);
  }
  expect([...counts.keys()].every((choice) => Number.isInteger(choice) && choice >= 0 && choice < 1000)).toBe(
    true,
  );
  const shares = [...counts.values()].toSorted((left, right) => right - left).map((count) => count / 20_000);
  // Of 1,000 ranks, the first has 1 / H(1000, 0.99) = 13 % of all.
  expect(shares[0]).toBeCloseTo(0.13, 1);
  expect(shares[0]! / shares[1]!).toBeCloseTo(2 ** 0.99, 0);
  expect([0, 0, 0].map(zipf(1, seededRandom(1)))).toEqual([0, 0, 0]);
});

test('requests cost what S3 and DynamoDB list, and nothing elsewhere', async () => {
  const store = await open('memory:');
  const before: StoreStats = await store.stats();
  await store.put('k', 'v');
  const traffic = trafficBetween(before, await store.stats());
  await store.close();
  expect(traffic).toMatchObject({ objects: { puts: 1 }, registers: { swaps: 1, registersWritten: 1 } });
  expect(requestsIn(traffic)).toBe(2);
  expect(dollarsOf(traffic, parseStoreUrl('file:/somewhere'))).toBeUndefined();
  // A PUT of each of the two.
  expect(dollarsOf(traffic, parseStoreUrl('s3://bucket/p'))).toBeCloseTo((2 * 0.005) / 1000, 12);
  // A PUT, and an item of up to 1 KB in a transaction.
  const withTable = parseStoreUrl('s3://bucket/p?registers=dynamodb://table');
  expect(dollarsOf(traffic, withTable)).toBeCloseTo(0.005 / 1000 + (2 * 0.625) / 1e6, 12);
});

test.for([
  [0.00085, '850 ns'],
  [0.0124, '12.4 µs'],
  [3.211, '3.21 ms'],
  [169.4, '169 ms'],
  [1200, '1.20 s'],
] as const)('%d ms is %s', ([ms, text]) => expect(formatLatency(ms)).toBe(text));
