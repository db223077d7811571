/**
 * Judging a run: what the store says of its own past, against what its clients were told.
 *
 * The history of every key, read when all is over, is the order of commits:
 *
 * - an acknowledged write is there, whole, at its timestamp;
 * - a failed one is nowhere; an unknown one is whole at one timestamp, or nowhere;
 * - batches of one process are committed in the order of its calls;
 * - one order, which agrees with real time and with all timestamps, explains everything that anybody saw
 *   (see `history-of.ts`).
 */
import type { Store } from '@clortho/engine';
import { checkHistory } from '@clortho/testkit';
import type { Attempt, WriteAttempt } from './attempt.ts';
import { historyOf } from './history-of.ts';

/** Versions of a key by timestamp, oldest first; `undefined` is a delete. */
export type Versions = readonly (readonly [timestamp: number, value: string | undefined])[];

/** The past of all keys. */
export type Past = ReadonlyMap<string, Versions>;

/** The shard of a key. */
export type ShardOf = (key: string) => number;

/** Reads the past of some keys. */
export async function readPastOf(store: Store, keys: readonly string[]): Promise<Past> {
  const past = new Map<string, Versions>();
  for (const key of keys) {
    const versions: [number, string | undefined][] = [];
    for await (const { timestamp, value } of store.history(key)) {
      versions.unshift([timestamp, value === undefined ? undefined : Buffer.from(value).toString()]);
    }
    past.set(key, versions);
  }
  return past;
}

/** Returns what is wrong, each in a line; nothing if all promises were kept. */
export function judge(attempts: readonly Attempt[], past: Past, shardOf: ShardOf): string[] {
  const writes = attempts.filter((attempt): attempt is WriteAttempt => attempt.kind === 'write');
  const timestamps = new Map(writes.map((write) => [write, timestampOf(write, writes, past)]));
  const problems = writes.flatMap((write) => problemsOfWrite(write, timestamps.get(write), past));
  problems.push(...problemsOfOrder(writes, shardOf));
  const history = historyOf(attempts, (write) => timestamps.get(write));
  const found = checkHistory(history, { shardOf });
  if (found.verdict === 'invalid') problems.push(`${found.violation.kind}: ${found.violation.text}`);
  if (found.verdict === 'undecided') problems.push('the history is too long to be judged');
  return problems;
}

function problemsOfWrite(write: WriteAttempt, at: number | undefined, past: Past): string[] {
  const text = textOf(write);
  if (write.outcome === 'ok' && at === undefined) return [`acknowledged, and not there: ${text}`];
  if (write.outcome === 'failed' && at !== undefined) return [`failed, and there at ${at}: ${text}`];
  return at === undefined && hasTrace(write, past) ? [`torn: ${text}`] : [];
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

/** Batches of one process that meet on a shard have timestamps in the order of the calls; those of one group share theirs. */
function problemsOfOrder(writes: readonly WriteAttempt[], shardOf: ShardOf): string[] {
  const last = new Map<string, WriteAttempt>();
  const problems: string[] = [];
  for (const write of writes) {
    if (write.outcome !== 'ok' || !isBatch(write)) continue;
    for (const shard of new Set([...write.effects.keys()].map(shardOf))) {
      const place = `${write.process} ${shard}`;
      const before = last.get(place);
      if (before !== undefined && (before.timestamp ?? 0) > (write.timestamp ?? 0))
        problems.push(`committed in another order than called: ${textOf(write)} after ${textOf(before)}`);
      else last.set(place, write);
    }
  }
  return problems;
}

/** Conditions and transactions wait for what they read, and are committed when that is done. */
function isBatch({ reads }: WriteAttempt): boolean {
  return reads.length === 0;
}

function valueAt(past: Past, key: string, timestamp: number): string | undefined {
  return past.get(key)?.findLast(([at]) => at <= timestamp)?.[1];
}

function textOf({ process, effects, outcome, timestamp }: WriteAttempt): string {
  const shown = [...effects].map(([key, value]) => `${key}=${value ?? 'deleted'}`).join(' ');
  return `${process} ${outcome}${timestamp === undefined ? '' : ` @${timestamp}`} ${shown}`;
}
