/**
 * One store of small files beside the reference model: every way to read the past must give the model's answer.
 *
 *     write, compact, truncate, split ──► store ──► get, scan, scan with a predicate, history ──┐
 *                          │                                                                   ├─► the same
 *                          └────────────► model ───────────────────────────────────────────────┘
 *
 * Invariants:
 * - Everything comes from the seed.
 */
import { encodeUtf8, isClorthoError, type Random, seededRandom } from '@clortho/base';
import {
  type MinMax,
  type OpenOptions,
  open,
  type ScanRow,
  type Statistics,
  type Store,
} from '@clortho/engine';
import { type ModelOperation, type ReferenceModel, referenceModel } from '@clortho/testkit';
import { between, isHeads, pick, pickWeighted } from '../commit/draw.ts';

const KEYS = ['a', 'b', 'c', 'd'].map(encodeUtf8);
const VALUES = ['p', 'q', 'r', 's'].map(encodeUtf8);
const FAMILIES = ['default', 'folded', 'fleeting'] as const;
const TTL_MS = 1;
const statistics = [{ type: 'minMax', name: 'first', column: { type: 'uint8', offset: 0 } }] as const;

const OPTIONS: OpenOptions = {
  time: 'external',
  compaction: 'manual',
  families: {
    default: { statistics },
    folded: { statistics, merge: 'append' },
    fleeting: { statistics, ttlMs: TTL_MS },
  },
};

/** Runs a seed and returns what was wrong first, if anything was. */
export async function runPast(seed: number): Promise<string | undefined> {
  const random = seededRandom(seed);
  const tuning = { threads: 0, blockBytes: 16, fileBytes: pick(random, [64, 300]), historyBucketMs: 0.01 };
  const store = await open('memory:', { ...OPTIONS, tuning, random });
  const append = (older: Uint8Array, newer: Uint8Array): Uint8Array => Buffer.concat([older, newer]);
  const model = referenceModel({
    families: { default: {}, folded: { merge: append }, fleeting: { ttlMs: TTL_MS } },
  });
  try {
    for (let step = between(random, 6, 24); step > 0; step -= 1) {
      const what = await act(random, store, model);
      const problem = await differenceOf(random, store, model);
      if (problem !== undefined) return `after ${what}: ${problem}`;
    }
    return undefined;
  } finally {
    await store.close();
  }
}

async function act(random: Random, store: Store, model: ReferenceModel): Promise<string> {
  const action = pickWeighted(random, [
    [10, 'write'],
    [4, 'compact'],
    [1, 'truncate'],
    [1, 'split'],
  ] as const);
  if (action === 'compact') await store.compact();
  else if (action === 'split') {
    const [{ shards }, key] = [await store.stats(), pick(random, KEYS.slice(1))];
    const last = shards.at(-1);
    if (last !== undefined && Buffer.compare(last.lower, key) < 0) {
      await store.splitShard(last.shard, key);
      model.split(key);
    }
  } else if (action === 'truncate' && model.lastTimestamp > 0) {
    const horizon = timeNear(random, model, model.horizon);
    await store.truncateHistory(horizon);
    model.truncate(horizon);
  } else {
    const operations = Array.from({ length: between(random, 1, 3) }, () => operationOf(random));
    const timestamp = model.lastTimestamp + between(random, 1, 12) * pick(random, [1, 40]);
    await store.write(operations, { timestamp });
    model.apply(timestamp, operations);
  }
  return action;
}

function operationOf(random: Random): ModelOperation {
  const [key, value, family] = [pick(random, KEYS), pick(random, VALUES), pick(random, FAMILIES)];
  const type = pickWeighted(random, [
    [6, 'put'],
    [2, 'del'],
    [1, 'deleteRange'],
  ] as const);
  if (type === 'put')
    return { type: family === 'folded' && isHeads(random) ? 'merge' : 'put', key, value, family };
  if (type === 'del') return { type, key, family };
  return { type, start: key, end: Buffer.concat([key, Buffer.from('z')]), family };
}

/** Reads at some times, and returns the first answer that is not the model's. */
async function differenceOf(
  random: Random,
  store: Store,
  model: ReferenceModel,
): Promise<string | undefined> {
  const { horizon } = model;
  if (model.lastTimestamp === 0) return undefined;
  for (const family of FAMILIES) {
    const times = [timeNear(random, model, horizon), timeNear(random, model, Math.max(0, horizon - 2))];
    for (const asOf of [...times, undefined]) {
      const at = `${family} at ${asOf ?? 'latest'}`;
      for (const key of KEYS) {
        const actual = await told(async () => textOf(await store.get(key, { family, asOf })));
        const expected = await told(() => textOf(model.get(family, key, asOf)));
        if (actual !== expected) return `get ${textOf(key)} in ${at}: got ${actual}, expected ${expected}`;
      }
      const [low, high] = [pick(random, VALUES)[0] as number, pick(random, VALUES)[0] as number];
      const matches = (byte: number): boolean => byte >= low && byte <= high;
      const where = ({ value }: Pick<ScanRow, 'value'>): boolean => matches(value[0] as number);
      const reverse = isHeads(random);
      const mayMatch = (known: Statistics): boolean => {
        const range = known['first'] as MinMax | undefined;
        return range === undefined || (range.min <= high && range.max >= low);
      };
      for (const prune of [undefined, { mayMatch, where }]) {
        const actual = await told(async () => {
          const rows: ScanRow[] = [];
          for await (const row of store.scan({ family, asOf, reverse, prune })) rows.push(row);
          return rows.map(rowText).join(' ');
        });
        const expected = await told(() => {
          const rows = model.scan(family, { reverse }, asOf);
          return (prune === undefined ? rows : rows.filter(where)).map(rowText).join(' ');
        });
        if (actual === expected) continue;
        const how = prune === undefined ? 'scan' : `scan of values in [${low}, ${high}]`;
        return `${how} of ${at}: got ${actual}, expected ${expected}`;
      }
    }
    const key = pick(random, KEYS);
    const from = pick(random, [undefined, ...times]);
    const actual = await told(async () => {
      const entries: string[] = [];
      for await (const { timestamp, kind, value } of store.history(key, { family, from }))
        entries.push(`${timestamp} ${kind} ${textOf(value)}`);
      return entries.join(', ');
    });
    const expected = await told(() =>
      model
        .history(family, key, from)
        .map(({ timestamp, kind, value }) => `${timestamp} ${kind} ${textOf(value)}`)
        .join(', '),
    );
    if (actual !== expected)
      return `history of ${textOf(key)} in ${family} from ${from}: got ${actual}, expected ${expected}`;
  }
  return undefined;
}

/** Returns a time from `least` on: that of a commit, just before it or just after. */
function timeNear(random: Random, { commits, lastTimestamp }: ReferenceModel, least: number): number {
  const { timestamp } = pick(random, commits);
  return Math.min(lastTimestamp, Math.max(least, timestamp + between(random, -1, 1)));
}

/** Returns what a read tells, or the code of its error. */
async function told(read: () => string | Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    if (isClorthoError(error)) return error.code;
    throw error;
  }
}

function rowText({ key, value, timestamp }: ScanRow): string {
  return `${textOf(key)}=${textOf(value)}@${timestamp}`;
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'nothing' : Buffer.from(bytes).toString();
}
