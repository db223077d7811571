/**
 * Judging what the writers left: every batch whole and once, at the timestamp that was acknowledged, in order.
 *
 * - All rows of a batch are there, of one life of its writer, at one timestamp; no other rows are.
 * - What was acknowledged is what is there: life and timestamp.
 * - The count of a writer's batches is exact: none was applied twice.
 * - On a shard, a later version has a later timestamp, and one version is one commit of one process.
 * - A key that all write shows, newest first, batches at their timestamps, which strictly decrease.
 * - Two passes of garbage collection later no object is unreferenced, and no temporary file is left.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '@clortho/engine';
import { type Acknowledgement, readAcknowledgements } from './acknowledgement.ts';
import {
  type BatchName,
  COPIES,
  copyKey,
  openStore,
  ownKeys,
  ownValue,
  readOwnValue,
  SHARED_KEYS,
  sharedKey,
  TOTALS,
  totalKey,
} from './batch.ts';

/** What to judge. */
export interface JudgeTask {
  readonly directory: string;
  readonly writers: number;
  readonly batches: number;
}

/** The verdict, and what it rests on. */
export interface JudgeVerdict {
  readonly problems: readonly string[];
  readonly acknowledged: number;
  readonly unnoted: number;
  readonly commits: number;
}

interface Row {
  readonly value: string;
  readonly timestamp: number;
}

/** What a batch was found to be. */
interface Found {
  readonly life: number;
  readonly timestamp: number;
}

type Rows = Map<string, Row>;

/** Reads the store that the writers left and compares. */
export async function judge({ directory, writers, batches }: JudgeTask): Promise<JudgeVerdict> {
  const names = Array.from({ length: writers }, (_, writer) =>
    Array.from({ length: batches }, (_, number): BatchName => ({ writer, number })),
  ).flat();
  const acknowledged: Acknowledgement[] = [];
  for (let writer = 0; writer < writers; writer += 1) {
    acknowledged.push(...(await readAcknowledgements(directory, writer)));
  }
  const store = await openStore(join(directory, 'store'), 'manual');
  try {
    const problems: string[] = [];
    const found = findBatches(names, await rowsOf(store, 'default'), await rowsOf(store, COPIES), problems);
    problems.push(
      ...problemsOfAcknowledgements(acknowledged, found),
      ...problemsOfOrder(acknowledged),
      ...(await problemsOfTotals(store, writers, batches)),
      ...(await problemsOfSharedKeys(store, found)),
      ...(await problemsOfObjects(store, directory)),
    );
    const noted = new Set(acknowledged.map(nameOf));
    return {
      problems,
      acknowledged: noted.size,
      unnoted: found.size - noted.size,
      commits: new Set([...found.values()].map(({ timestamp }) => timestamp)).size,
    };
  } finally {
    await store.close();
  }
}

function nameOf({ writer, number }: BatchName): string {
  return `${writer}/${number}`;
}

async function rowsOf(store: Store, family: string): Promise<Rows> {
  const rows: Rows = new Map();
  for await (const { key, value, timestamp } of store.scan({ family })) {
    rows.set(Buffer.from(key).toString('latin1'), { value: Buffer.from(value).toString(), timestamp });
  }
  return rows;
}

/** Returns the batches that are there, takes their rows out of the given ones, and reports what is wrong with them. */
function findBatches(
  names: readonly BatchName[],
  rows: Rows,
  copies: Rows,
  problems: string[],
): Map<string, Found> {
  const take = (from: Rows, key: Uint8Array): Row | undefined => {
    const text = Buffer.from(key).toString('latin1');
    const row = from.get(text);
    from.delete(text);
    return row;
  };
  const found = new Map<string, Found>();
  for (const name of names) {
    const copy = take(copies, copyKey(name));
    const parts = [copy, ...ownKeys(name).map((key) => take(rows, key))];
    if (copy === undefined) {
      problems.push(
        `a batch is ${parts.every((part) => part === undefined) ? 'lost' : 'torn'}: ${nameOf(name)}`,
      );
      continue;
    }
    const { life } = readOwnValue(Buffer.from(copy.value));
    const isWhole = parts.every(
      (part) => part?.value === ownValue(name, life) && part.timestamp === copy.timestamp,
    );
    if (!isWhole) problems.push(`a batch is torn: ${nameOf(name)}`);
    found.set(nameOf(name), { life, timestamp: copy.timestamp });
  }
  for (let number = 0; number < SHARED_KEYS; number += 1) rows.delete(sharedKey(number));
  for (const key of [...rows.keys(), ...copies.keys()]) problems.push(`a row is of no batch: ${key}`);
  return found;
}

function problemsOfAcknowledgements(
  acknowledged: readonly Acknowledgement[],
  found: ReadonlyMap<string, Found>,
): string[] {
  return acknowledged.flatMap((entry) => {
    const batch = found.get(nameOf(entry));
    if (batch?.life === entry.life && batch.timestamp === entry.timestamp) return [];
    return [`acknowledged as ${JSON.stringify(entry)}, found as ${JSON.stringify(batch)}`];
  });
}

/** The tokens of acknowledgements name versions of shards: they order the commits of each. */
function problemsOfOrder(acknowledged: readonly Acknowledgement[]): string[] {
  const commits = new Map<string, Map<number, Acknowledgement>>();
  const problems: string[] = [];
  for (const entry of acknowledged) {
    for (const [shard, version] of Object.entries(entry.token)) {
      const versions = commits.get(shard) ?? new Map<number, Acknowledgement>();
      commits.set(shard, versions);
      const other = versions.get(version) ?? entry;
      versions.set(version, entry);
      const isOneCommit =
        other.timestamp === entry.timestamp && other.writer === entry.writer && other.life === entry.life;
      if (!isOneCommit) problems.push(`two commits are version ${version} of shard ${shard}`);
    }
  }
  for (const [shard, versions] of commits) {
    const inOrder = [...versions].sort(([left], [right]) => left - right);
    for (const [index, [version, { timestamp }]] of inOrder.entries()) {
      const before = inOrder[index - 1]?.[1].timestamp ?? 0;
      if (timestamp <= before) problems.push(`timestamps do not increase: shard=${shard} version=${version}`);
    }
  }
  return problems;
}

async function problemsOfTotals(store: Store, writers: number, batches: number): Promise<string[]> {
  const problems: string[] = [];
  for (let writer = 0; writer < writers; writer += 1) {
    const value = await store.family(TOTALS).get(totalKey(writer));
    const total = value === undefined ? 0 : Buffer.from(value).readDoubleLE();
    if (total !== batches) problems.push(`batches were counted ${total} times: writer=${writer}`);
  }
  return problems;
}

async function problemsOfSharedKeys(store: Store, found: ReadonlyMap<string, Found>): Promise<string[]> {
  const problems: string[] = [];
  for (let number = 0; number < SHARED_KEYS; number += 1) {
    const key = sharedKey(number);
    let above = Number.POSITIVE_INFINITY;
    let versions = 0;
    for await (const { timestamp, value } of store.history(key)) {
      const [writer, life, batch] = Buffer.from(value ?? [])
        .toString()
        .split('/');
      const expected = found.get(`${writer}/${batch}`);
      if (expected?.timestamp !== timestamp || String(expected.life) !== life) {
        problems.push(`a version is of no batch: key=${key} timestamp=${timestamp}`);
      }
      if (timestamp >= above) problems.push(`versions are not in order: key=${key} timestamp=${timestamp}`);
      above = timestamp;
      versions += 1;
    }
    if (versions === 0) problems.push(`a key that all write has no version: key=${key}`);
  }
  return problems;
}

async function problemsOfObjects(store: Store, directory: string): Promise<string[]> {
  await store.compact();
  for (let pass = 0; pass < 3; pass += 1) await store.gc();
  const objects = join(directory, 'store', 'objects');
  const { shards } = await store.stats();
  const files = shards.flatMap(({ families }) => families.flatMap(({ entries }) => entries));
  const live = new Set(files.map(({ id }) => `${id}.sst.blob`));
  const stored = await readdir(join(objects, 'sst'));
  const temporary = await readdir(join(objects, '.tmp'));
  return [
    ...temporary.map((name) => `a temporary file was left: ${name}`),
    ...stored.filter((name) => !live.has(name)).map((name) => `garbage was left: ${name}`),
  ];
}
