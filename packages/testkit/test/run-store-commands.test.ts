import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ModelFamily,
  type ModelOperation,
  referenceModel,
  runStoreCommands,
  type StoreCommand,
  type StoreUnderTest,
  storeCommands,
  virtualClock,
} from '../src/index.ts';
import { type ModelStoreOptions, modelStore } from './model-store.ts';

const append = (older: Uint8Array, newer: Uint8Array): Uint8Array => Uint8Array.from([...older, ...newer]);
const families: Record<string, ModelFamily> = {
  default: { merge: append },
  events: { kind: 'log' },
  sessions: { ttlMs: 1, merge: append },
};
const splits = [Uint8Array.of(0x61), Uint8Array.of(0xff)];

describe('store commands', () => {
  it('find nothing wrong with a right store with external time', async () => {
    await fc.assert(
      fc.asyncProperty(storeCommands({ families }), async (commands) => {
        const model = referenceModel({ families, splits });
        await runStoreCommands(commands, { open: modelStore({ families, splits }), model, time: 'external' });
      }),
      { numRuns: 200 },
    );
  });

  it('find nothing wrong with a right store with clock time', async () => {
    await fc.assert(
      fc.asyncProperty(storeCommands({ families, advanceMsMax: 2 }), async (commands) => {
        const clock = virtualClock();
        const now = (): number => clock.now();
        await runStoreCommands(commands, {
          open: modelStore({ families, now }),
          model: referenceModel({ families, now }),
          time: 'clock',
          advance: (ms) => clock.advance(ms),
        });
      }),
      { numRuns: 200 },
    );
  });

  it('are of every kind asked for, and of no other', () => {
    const typesOf = (arbitrary: fc.Arbitrary<StoreCommand[]>): string[] => {
      const types = fc
        .sample(arbitrary, { numRuns: 200, seed: 1 })
        .flatMap((commands) => commands.map(({ type }) => type));
      return [...new Set(types)].sort();
    };
    expect(typesOf(storeCommands({ without: ['reopen', 'compact', 'snapshot'] }))).toEqual([
      'get',
      'getMany',
      'history',
      'scan',
      'snapshotClose',
      'snapshotGet',
      'snapshotScan',
      'split',
      'truncate',
      'write',
    ]);
    expect(typesOf(storeCommands({ advanceMsMax: 1 }))).toHaveLength(14);
  });
});

describe('a difference', () => {
  const key = Uint8Array.of(0x61);
  const write: StoreCommand = {
    type: 'write',
    operations: [{ type: 'put', key, value: Uint8Array.of(1) }],
    stepMicros: 5,
  };

  it('names the command and both answers', async () => {
    const open = modelStore({ fault: () => ({ get: async () => Uint8Array.of(0xbe, 0xef) }) });
    const run = runStoreCommands([write, { type: 'get', family: 'default', key }], {
      open,
      model: referenceModel(),
      time: 'external',
    });
    await expect(run).rejects.toThrow(
      'store and model disagree at command 1: { type: "get", family: "default", key: <61> }\n' +
        '  expected <01>\n' +
        '  found    <beef>',
    );
  });

  it('keeps the error of a store that threw, and closes the store', async () => {
    const broken = new Error('broken');
    let closed = 0;
    const open = modelStore({
      fault: () => ({
        write: () => Promise.reject(broken),
        close: async () => {
          closed += 1;
        },
      }),
    });
    const run = runStoreCommands([write], { open, model: referenceModel(), time: 'external' });
    await expect(run).rejects.toMatchObject({
      message: expect.stringContaining('found    an error without a code: Error: broken'),
      cause: broken,
    });
    expect(closed).toBe(1);
  });

  it('is a timestamp that does not move on', async () => {
    const open = modelStore({ fault: () => ({ write: async () => ({ timestamp: 7 }) }) });
    const run = runStoreCommands([write, write], {
      open,
      model: referenceModel(),
      time: 'clock',
      audit: false,
    });
    await expect(run).rejects.toThrow(/command 1: .*\n {2}expected CLORTHO_CONFLICT\n {2}found {4}7/);
  });
});

/** Stores that are wrong in one way each; every one must be told from the model. */
const mutants: Record<string, Omit<ModelStoreOptions, 'families' | 'splits'>> = {
  'reads just below the time asked for': {
    fault: (store) => ({
      get: (key, given) => store.get(key, { ...given, asOf: given?.asOf && given.asOf - 1 }),
    }),
  },
  'ignores the time of a scan': {
    fault: (store) => ({ scan: (given) => store.scan({ ...given, asOf: undefined }) }),
  },
  'deletes the end of a range too': {
    rewrite: (operations) =>
      operations.map((operation) =>
        operation.type === 'deleteRange'
          ? { ...operation, end: Uint8Array.from([...operation.end, 0]) }
          : operation,
      ),
  },
  'deletes with a range what comes after it in the batch': {
    rewrite: (operations) => [
      ...operations.filter(({ type }) => type !== 'deleteRange'),
      ...operations.filter(({ type }) => type === 'deleteRange'),
    ],
  },
  'does not delete with a range what comes before it in the batch': {
    rewrite: (operations) => [
      ...operations.filter(({ type }) => type === 'deleteRange'),
      ...operations.filter(({ type }) => type !== 'deleteRange'),
    ],
  },
  'lets the first operation on a key win': { rewrite: (operations) => [...operations].reverse() },
  'takes a merge for a put': {
    rewrite: (operations) =>
      operations.map((operation) => (operation.type === 'merge' ? { ...operation, type: 'put' } : operation)),
  },
  'loses the second merge on a key in a batch': {
    rewrite: (operations) =>
      operations.filter(
        (operation, index) =>
          operation.type !== 'merge' ||
          !operations.slice(0, index).some((other) => other.type === 'merge' && isSameKey(other, operation)),
      ),
  },
  'ignores the limit of a reverse scan': {
    fault: (store) => ({
      scan: (given) => store.scan(given?.reverse ? { ...given, limit: undefined } : given),
    }),
  },
  'takes an open bound for a closed one': {
    fault: (store) => ({
      scan: (given) =>
        store.scan(given?.gt === undefined ? given : { ...given, gt: undefined, gte: given.gt }),
    }),
  },
  'forgets the duplicates of getMany': {
    fault: (store) => ({
      getMany: (keys, given) =>
        store.getMany(
          [...new Map(keys.map((key) => [Buffer.from(key).toString('hex'), key])).values()],
          given,
        ),
    }),
  },
  'takes from for exclusive': {
    fault: (store) => ({
      history: (key, given) =>
        store.history(key, given?.from === undefined ? given : { ...given, from: given.from + 1 }),
    }),
  },
  'takes to for inclusive': {
    fault: (store) => ({
      history: (key, given) =>
        store.history(key, given?.to === undefined ? given : { ...given, to: given.to + 1 }),
    }),
  },
  'lets later commits into snapshots': {
    fault: (store) => ({
      snapshot: async () => ({ ...store, close: async () => {} }),
    }),
  },
  'reads below the horizon as nothing': {
    fault: (store, model) => ({
      get: async (key, given) =>
        given?.asOf !== undefined && given.asOf < model.horizon ? undefined : store.get(key, given),
    }),
  },
  'does not truncate': { fault: () => ({ truncateHistory: async () => {} }) },
  'shows the oldest version once it was compacted': {
    fault: (store, model) => {
      let compactions = 0;
      return {
        compact: async () => {
          compactions += 1;
        },
        get: (key, given) =>
          store.get(
            key,
            compactions > 0 && given?.asOf === undefined ? { ...given, asOf: model.horizon } : given,
          ),
      };
    },
  },
};

describe('store commands catch a store that', () => {
  for (const [name, mutant] of Object.entries(mutants)) {
    it(name, async () => {
      await expectCaught(() => modelStore({ families, splits, ...mutant }), splits);
    });
  }

  it('lets rows live on', async () => {
    await expectCaught(() => modelStore({ families: { ...families, sessions: { merge: append } } }));
  });

  it('truncates families of kind log', async () => {
    await expectCaught(() => modelStore({ families: { ...families, events: { kind: 'kv' } } }));
  });

  it('loses what was committed when reopened', async () => {
    await expectCaught(() => async () => modelStore({ families })());
  });

  it('shrinks to a handful of commands', async () => {
    const outcome = await fc.check(
      fc.asyncProperty(storeCommands({ families }), async (commands) => {
        const open = modelStore({ families, ...mutants['takes a merge for a put'] });
        await runStoreCommands(commands, { open, model: referenceModel({ families }), time: 'external' });
      }),
      { numRuns: 300 },
    );
    expect(outcome.counterexample?.[0].length).toBeLessThanOrEqual(2);
  });
});

async function expectCaught(
  opener: () => () => Promise<StoreUnderTest>,
  shards: readonly Uint8Array[] = [],
): Promise<void> {
  const outcome = await fc.check(
    fc.asyncProperty(storeCommands({ families }), async (commands) => {
      const model = referenceModel({ families, splits: shards });
      await runStoreCommands(commands, { open: opener(), model, time: 'external' });
    }),
    { numRuns: 300, endOnFailure: true },
  );
  expect(outcome.failed).toBe(true);
  expect(String(outcome.errorInstance)).toContain('store and model disagree at ');
}

function isSameKey(left: ModelOperation, right: ModelOperation): boolean {
  if (left.type === 'deleteRange' || right.type === 'deleteRange') return false;
  return left.family === right.family && Buffer.compare(left.key, right.key) === 0;
}
