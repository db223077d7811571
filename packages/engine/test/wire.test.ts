/** The commit protocol over real sockets that fail, against the servers of the test kit; `pnpm sim:wire` runs longer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, testCloud } from '../sim/wire/cloud.ts';
import { runOverWire, sumOf } from '../sim/wire/run-over-wire.ts';

/** Seconds on a machine that has nothing else to do. */
const RUNS_MS_MAX = 120_000;

let cloud: Cloud;

beforeAll(async () => {
  cloud = await testCloud();
});
afterAll(() => cloud.close());

describe('the commit protocol over wires that fail', () => {
  // Four shards with registers in DynamoDB, and one with its registers on S3.
  it('keeps its promises, several processes and stores at a time', { timeout: RUNS_MS_MAX }, async () => {
    const size = { writers: 2, actionsPerWriter: 10, keeperActions: 3, busyMsMax: RUNS_MS_MAX / 4 };
    const results = await Promise.all([2, 3].map((seed) => runOverWire(seed, cloud, size)));
    for (const { problems, writes, requests } of results) {
      expect(problems).toEqual([]);
      expect(writes.ok).toBeGreaterThan(0);
      expect(requests).toBeGreaterThan(20);
    }
    expect(Object.keys(sumOf(results.map(({ faults }) => faults))).length).toBeGreaterThan(1);
  });
});
