/**
 * The engine against the reference model: the same commands, the same answers, whatever the configuration.
 *
 * Configurations are drawn small, so that a few writes fill blocks, split files, fold tails and reach base.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, compareBytes, randomFraction, seededRandom, systemClock } from '@clortho/base';
import { memoryObjectStore } from '@clortho/object-store';
import { memoryRegisterStore } from '@clortho/registers';
import {
  referenceModel,
  runStoreCommands,
  type StoreUnderTest,
  storeCommands,
  virtualClock,
} from '@clortho/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OpenOptions, open, Store } from '../src/index.ts';

const concat = (older: Uint8Array, newer: Uint8Array): Uint8Array => {
  const merged = new Uint8Array(older.length + newer.length);
  merged.set(older);
  merged.set(newer, older.length);
  return merged;
};

const TTL_MS = 3;
const modelFamilies = {
  default: { kind: 'kv' },
  merged: { kind: 'kv', merge: concat },
  events: { kind: 'log' },
  fleeting: { kind: 'kv', ttlMs: TTL_MS },
} as const;
const families: OpenOptions['families'] = {
  default: { kind: 'kv' },
  merged: { kind: 'kv', merge: 'append' },
  events: { kind: 'log', log: { windowMs: 2 } },
  fleeting: { kind: 'kv', ttlMs: TTL_MS },
};

interface Configuration {
  readonly splits: readonly Uint8Array[];
  readonly tuning: NonNullable<OpenOptions['tuning']>;
  readonly cacheBytes: number;
  readonly tableBytes: number;
  readonly compaction: 'auto' | 'manual';
}

const configurations: fc.Arbitrary<Configuration> = fc.record({
  splits: fc.constantFrom<Uint8Array[]>(
    [],
    [Uint8Array.of(0x61)],
    [Uint8Array.of(0x61), Uint8Array.of(0x62)],
  ),
  tuning: fc.record({
    blockBytes: fc.constantFrom(1, 64, 1024),
    fileBytes: fc.constantFrom(1, 300, 100_000),
    deltaRuns: fc.constantFrom(1, 3),
    runsMax: fc.constantFrom(2, 6),
    partBytes: fc.constantFrom(1, 400, 100_000),
    moveBytes: fc.constantFrom(1, 100_000),
    jobs: fc.constantFrom(1, 3),
    historyBucketMs: fc.constantFrom(1, 5),
    threads: fc.constant(0),
  }),
  cacheBytes: fc.constantFrom(0, 2000, 1_000_000),
  tableBytes: fc.constantFrom(0, 4000, 1_000_000),
  compaction: fc.constantFrom('auto', 'manual'),
});

/** The time of the system, by which any piece of work may have lasted long: it pauses in other places every time. */
function restlessClock(): Clock {
  const random = seededRandom(1);
  let monotonic = 0;
  return {
    now: () => systemClock.now(),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    monotonic: () => {
      monotonic += randomFraction(random) * 10;
      return monotonic;
    },
  };
}

/** The time of day of `clock`, which moves only when it is told to; what waits meanwhile, as for compaction, waits for real. */
function steppedClock(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    monotonic: () => systemClock.monotonic(),
  };
}

/** What compaction did over all runs. */
let partialJobs = 0;
let moves = 0;

/** Opens a store that is split by key. */
async function openSplittable(url: string, options: OpenOptions): Promise<StoreUnderTest> {
  const store = await open(url, options);
  const split = async (key: Uint8Array): Promise<void> => {
    const { shards } = await store.stats();
    const shard = shards.findLast(({ lower }) => compareBytes(lower, key) <= 0);
    if (shard !== undefined && compareBytes(shard.lower, key) < 0) await store.splitShard(shard.shard, key);
  };
  const close = async (): Promise<void> => {
    const { compaction } = await store.stats();
    partialJobs += compaction.partial;
    moves += compaction.moves;
    expect(compaction.failures).toBe(0);
    expect((await store.verify()).findings).toEqual([]);
    await Store.prototype.close.call(store);
  };
  return Object.assign(store, { split, close });
}

describe('engine', () => {
  it('answers like the model with external time, in memory', async () => {
    const commands = storeCommands({ families: modelFamilies, commandsMax: 60 });
    await fc.assert(
      fc.asyncProperty(commands, configurations, async (run, configuration) => {
        const objects = memoryObjectStore();
        const registers = memoryRegisterStore();
        const { splits, ...tuned } = configuration;
        const options: OpenOptions = {
          ...tuned,
          time: 'external',
          shards: splits,
          families,
          objects,
          registers,
          clock: restlessClock(),
          random: seededRandom(1),
        };
        await runStoreCommands(run, {
          open: () => openSplittable('memory:', options),
          model: referenceModel({ families: modelFamilies, splits }),
          time: 'external',
        });
      }),
      { numRuns: Number(process.env.CLORTHO_RUNS ?? 60) },
    );
    expect(Math.min(partialJobs, moves)).toBeGreaterThan(0);
  }, 120_000);

  it('answers like the model with clock time, in memory', async () => {
    const commands = storeCommands({ families: modelFamilies, commandsMax: 60, advanceMsMax: 5 });
    await fc.assert(
      fc.asyncProperty(commands, configurations, async (run, configuration) => {
        const clock = virtualClock({ epochMicros: 1_700_000_000_000_000 });
        const objects = memoryObjectStore();
        const registers = memoryRegisterStore();
        const { splits, ...tuned } = configuration;
        const options: OpenOptions = {
          ...tuned,
          shards: splits,
          families,
          objects,
          registers,
          clock: steppedClock(clock),
          random: seededRandom(1),
        };
        await runStoreCommands(run, {
          open: () => openSplittable('memory:', options),
          model: referenceModel({ families: modelFamilies, splits, now: () => clock.now() }),
          time: 'clock',
          advance: (ms) => clock.advance(ms),
        });
      }),
      { numRuns: Number(process.env.CLORTHO_RUNS ?? 60) },
    );
  }, 120_000);

  it('answers like the model on real files', async () => {
    const commands = storeCommands({ families: modelFamilies, commandsMax: 25 });
    await fc.assert(
      fc.asyncProperty(commands, configurations, async (run, configuration) => {
        const directory = await mkdtemp(join(tmpdir(), 'clortho-model-'));
        const { splits, ...tuned } = configuration;
        const options: OpenOptions = { ...tuned, time: 'external', shards: splits, families };
        try {
          await runStoreCommands(run, {
            open: () => openSplittable(`file:${directory}`, options),
            model: referenceModel({ families: modelFamilies, splits }),
            time: 'external',
          });
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      }),
      { numRuns: Number(process.env.CLORTHO_FILE_RUNS ?? 8) },
    );
  }, 120_000);
});
