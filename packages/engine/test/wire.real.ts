/** The commit protocol over real sockets that fail, against Ceph and DynamoDB Local; `pnpm sim:wire --real` runs longer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, realCloud } from '../sim/wire/cloud.ts';
import { runOverWire } from '../sim/wire/run-over-wire.ts';

const RUN_MS_MAX = 240_000;

let cloud: Cloud;

beforeAll(async () => {
  cloud = await realCloud(process.env, `wire-${process.pid}-${Date.now()}`);
});
afterAll(() => cloud?.close());

describe('the commit protocol over wires that fail, on real servers', () => {
  it.concurrent.each([1, 2, 3, 4])(
    'keeps its promises with seed %i',
    async (seed) => {
      const size = { writers: 3, actionsPerWriter: 20, keeperActions: 8, busyMsMax: RUN_MS_MAX / 3 };
      const { problems, writes, requests } = await runOverWire(seed, cloud, size);
      expect(problems).toEqual([]);
      expect(writes.ok).toBeGreaterThan(0);
      expect(requests).toBeGreaterThan(100);
    },
    RUN_MS_MAX,
  );
});
