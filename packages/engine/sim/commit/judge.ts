/**
 * Judging a run: what the store says of its own past, against what its clients were told.
 *
 * The history of every key, read when all is over, is the order of commits; each promise is then a comparison:
 *
 * - an acknowledged write is there, whole, at its timestamp;
 * - a failed one is nowhere; an unknown one is whole at one timestamp, or nowhere;
 * - what a transaction or a condition has read is what the history shows just below its timestamp;
 * - a read shows one moment: the one asked for, or one between what its process had written and the reply;
 * - a commit that was acknowledged before another was asked for has the lower timestamp on every shard they share.
 */
import type { Store } from '@clortho/engine';
import type { Attempt, ReadAttempt, Seen, WriteAttempt } from './attempt.ts';
import { KEYS } from './clients.ts';

/** Versions of a key by timestamp, oldest first; `undefined` is a delete. */
export type Versions = readonly (readonly [timestamp: number, value: string | undefined])[];

/** The past of all keys. */
export type Past = ReadonlyMap<string, Versions>;

/** The shard of a key. */
export type ShardOf = (key: string) => number;

/** Reads the past of all keys. */
export async function readPastOf(store: Store): Promise<Past> {
  const past = new Map<string, Versions>();
  for (const key of KEYS) {
    const versions: [number, string | undefined][] = [];
    for await (const { timestamp, value } of store.history(key)) {
      versions.unshift([timestamp, value === undefined ? undefined : Buffer.from(value).toString()]);
    }
    past.set(key, versions);
  }
  return past;
}

/** Returns what is wrong, each in a line; nothing if all promises were kept. */
export function judge(history: readonly Attempt[], past: Past, shardOf: ShardOf): string[] {
  const problems: string[] = [];
  const writes = history.filter((attempt): attempt is WriteAttempt => attempt.kind === 'write');
  for (const write of writes) problems.push(...problemsOfWrite(write, writes, past));
  for (const attempt of history) {
    if (attempt.kind === 'read') problems.push(...problemsOfRead(attempt, past, writes, shardOf));
  }
  problems.push(...problemsOfOrder(writes, shardOf));
  return problems;
}

function problemsOfWrite(write: WriteAttempt, writes: readonly WriteAttempt[], past: Past): string[] {
  const at = timestampOf(write, writes, past);
  const text = textOf(write);
  if (write.outcome === 'ok' && at === undefined) return [`acknowledged, and not there: ${text}`];
  if (write.outcome === 'failed' && at !== undefined) return [`failed, and there at ${at}: ${text}`];
  if (at === undefined) return hasTrace(write, past) ? [`torn: ${text}`] : [];
  return problemsOfSeen(write.reads, past, at - 1).map(
    (problem) => `${problem}; it committed at ${at}: ${text}`,
  );
}

/**
 * Returns the timestamp at which the whole write is; an acknowledged one must be at its own. Deletes of absent keys leave
 * no trace: they are taken to be where the rest is.
 */
function timestampOf(write: WriteAttempt, writes: readonly WriteAttempt[], past: Past): number | undefined {
  const { effects, outcome, timestamp } = write;
  const found = [...effects].flatMap(([key, value]) =>
    value === undefined ? [] : (past.get(key)?.find(([, known]) => known === value)?.[0] ?? []),
  );
  const at = outcome === 'ok' ? timestamp : found[0];
  if (at === undefined) return undefined;
  return [...effects.keys()].every((key) => hasEffect(write, writes, past, key, at)) ? at : undefined;
}

/** Tells whether a key shows the effect, or what another batch of the same group, at the same timestamp, made of it. */
function hasEffect(
  write: WriteAttempt,
  writes: readonly WriteAttempt[],
  past: Past,
  key: string,
  at: number,
): boolean {
  const shown = valueAt(past, key, at);
  if (write.effects.get(key) === shown) return true;
  return writes.some(
    ({ process, outcome, timestamp, effects }) =>
      process === write.process &&
      (outcome === 'unknown' || timestamp === at) &&
      effects.has(key) &&
      effects.get(key) === shown,
  );
}

/** Tells whether any value of the write is anywhere: values are written once only. */
function hasTrace({ effects }: WriteAttempt, past: Past): boolean {
  return [...effects].some(
    ([key, value]) => value !== undefined && past.get(key)?.some(([, known]) => known === value) === true,
  );
}

function problemsOfRead(
  read: ReadAttempt,
  past: Past,
  writes: readonly WriteAttempt[],
  shardOf: ShardOf,
): string[] {
  if (read.asOf !== undefined) {
    return problemsOfSeen(read.seen, past, read.asOf).map(
      (problem) => `${problem}; asked as of ${read.asOf}`,
    );
  }
  // Every shard shows a moment of its own, not before what the process had written there.
  const text = `${read.process} read ${read.seen.map(({ key, value }) => `${key}=${value ?? 'absent'}`).join(' ')}`;
  const shown = new Map<number, { least: number; most: number }>();
  for (const shard of new Set(read.seen.map(({ key }) => shardOf(key)))) {
    const seen = read.seen.filter(({ key }) => shardOf(key) === shard);
    const least = read.after.get(shard) ?? 0;
    const moments = [least, ...timesOf(past, writes, shard, shardOf).filter((time) => time > least)];
    const possible = moments.filter((moment) => problemsOfSeen(seen, past, moment).length === 0);
    if (possible.length === 0) return [`no moment from ${least} on shows it: ${text}`];
    shown.set(shard, { least: Math.min(...possible), most: Math.max(...possible) });
  }
  // No batch is seen on one shard and missed on another.
  for (const write of writes) {
    const at = timestampOf(write, writes, past);
    if (at === undefined) continue;
    const shards = [...new Set([...write.effects.keys()].map(shardOf))].flatMap(
      (shard) => shown.get(shard) ?? [],
    );
    if (shards.some(({ least }) => least >= at) && shards.some(({ most }) => most < at)) {
      return [`half of ${textOf(write)} is seen: ${text}`];
    }
  }
  return [];
}

/**
 * The real order: who was acknowledged before another began comes first, on every shard that both wrote; and batches of one
 * process are committed in the order of the calls.
 */
function problemsOfOrder(writes: readonly WriteAttempt[], shardOf: ShardOf): string[] {
  const problems: string[] = [];
  const known = writes.filter(({ outcome }) => outcome === 'ok');
  const shardsOf = (write: WriteAttempt): Set<number> => new Set([...write.effects.keys()].map(shardOf));
  for (const [place, earlier] of known.entries()) {
    for (const [laterPlace, later] of known.entries()) {
      const isCalledLater =
        earlier.process === later.process && place < laterPlace && isBatch(earlier) && isBatch(later);
      if (earlier.respondedMs >= later.invokedMs && !isCalledLater) continue;
      const order = (later.timestamp ?? 0) - (earlier.timestamp ?? 0);
      // Batches of one group have one timestamp.
      if (order > 0 || (order === 0 && isCalledLater)) continue;
      const shared = [...shardsOf(earlier)].some((shard) => shardsOf(later).has(shard));
      if (shared)
        problems.push(
          `committed later and has the lower timestamp: ${textOf(later)} after ${textOf(earlier)}`,
        );
    }
  }
  return problems;
}

/** Conditions and transactions wait for what they read, and are committed when that is done. */
function isBatch({ reads }: WriteAttempt): boolean {
  return reads.length === 0;
}

function problemsOfSeen(seen: readonly Seen[], past: Past, timestamp: number): string[] {
  return seen.flatMap(({ key, value }) => {
    const actual = valueAt(past, key, timestamp);
    return actual === value
      ? []
      : [`read ${key}=${value ?? 'absent'} where ${actual ?? 'absent'} is at ${timestamp}`];
  });
}

function valueAt(past: Past, key: string, timestamp: number): string | undefined {
  return past.get(key)?.findLast(([at]) => at <= timestamp)?.[1];
}

/** The commits on a shard; a delete of absent keys is one, and leaves no trace in the past. */
function timesOf(past: Past, writes: readonly WriteAttempt[], shard: number, shardOf: ShardOf): number[] {
  const times = [...past].flatMap(([key, versions]) =>
    shardOf(key) === shard ? versions.map(([timestamp]) => timestamp) : [],
  );
  for (const write of writes) {
    const at = timestampOf(write, writes, past);
    if (at !== undefined && [...write.effects.keys()].some((key) => shardOf(key) === shard)) times.push(at);
  }
  return [...new Set(times)].sort((left, right) => left - right);
}

function textOf({ process, effects, outcome, timestamp }: WriteAttempt): string {
  const shown = [...effects].map(([key, value]) => `${key}=${value ?? 'deleted'}`).join(' ');
  return `${process} ${outcome}${timestamp === undefined ? '' : ` @${timestamp}`} ${shown}`;
}
