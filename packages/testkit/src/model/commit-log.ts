/**
 * The commits of a model, and what may be appended to them.
 *
 * Invariants:
 * - Per shard, commit timestamps strictly increase; on different shards they may be equal or out of order.
 * - A refused batch leaves no trace.
 */
import { ClorthoError, compareBytes } from '@clortho/base';
import { FAMILY_DEFAULT, type ModelCommit, type ModelOperation } from './operation.ts';
import { type ModelFamily, type ModelVersion, mergeOf, timelineOf } from './timeline.ts';

/** Families, shards and commits; see {@link commitLog}. */
export interface CommitLog {
  readonly commits: readonly ModelCommit[];
  /** The last commit timestamp of every shard. Replaced as a whole, never changed in place. */
  readonly uppers: readonly number[];
  /** Returns the family. @throws {ClorthoError} `CLORTHO_INVALID` if there is none of that name. */
  familyOf(name: string): ModelFamily;
  /** Returns the present last commit timestamps of the shards, by any of their keys. */
  uppersByKey(): (key: Uint8Array) => number;
  /** Returns every key ever put or merged in the family, ascending. */
  keysOf(name: string): Uint8Array[];
  /** Returns the versions of `key`, oldest first. */
  versionsOf(name: string, key: Uint8Array): readonly ModelVersion[];
  /** Appends a commit. @throws {ClorthoError} `CLORTHO_INVALID` or `CLORTHO_CONFLICT`; see `ReferenceModel.apply`. */
  append(timestamp: number, operations: readonly ModelOperation[]): void;
  /** Splits the shard of `key` there, unless a shard begins with it. Both parts have the last commit of the whole. */
  split(key: Uint8Array): void;
}

/** Returns an empty log over shards that begin at `splits`, ascending. */
export function commitLog(
  families: ReadonlyMap<string, ModelFamily>,
  firstSplits: readonly Uint8Array[],
): CommitLog {
  const commits: ModelCommit[] = [];
  const keysByFamily = new Map<string, Map<string, Uint8Array>>();
  const timelines = new Map<string, ModelVersion[]>();
  let splits = firstSplits;
  let uppers: readonly number[] = [0, ...splits.map(() => 0)];

  const familyOf = (name: string): ModelFamily => {
    const family = families.get(name);
    if (family === undefined)
      throw new ClorthoError('CLORTHO_INVALID', `there is no such family: family=${name}`);
    return family;
  };
  const shardOf = (key: Uint8Array): number => positionIn(splits, key);

  const shardsOf = (operation: ModelOperation): number[] => {
    if (operation.type !== 'deleteRange') return [shardOf(operation.key)];
    const { start, end } = operation;
    if (compareBytes(start, end) === 0) return [];
    const last = splits.filter((split) => compareBytes(split, end) < 0).length;
    return uppers.map((_, shard) => shard).slice(shardOf(start), last + 1);
  };
  const check = (operation: ModelOperation): void => {
    const family = familyOf(operation.family ?? FAMILY_DEFAULT);
    if (operation.type === 'merge') mergeOf(family);
    if (operation.type !== 'deleteRange' || compareBytes(operation.start, operation.end) <= 0) return;
    throw new ClorthoError('CLORTHO_INVALID', 'the range is inverted: start > end');
  };
  const checkTimestamp = (timestamp: number, shard: number): void => {
    const upper = uppers[shard] as number;
    if (timestamp > upper) return;
    const facts = `shard=${shard} timestamp=${timestamp} upper=${upper}`;
    throw new ClorthoError('CLORTHO_CONFLICT', `the timestamp is not above the last commit: ${facts}`);
  };
  const rememberKey = (operation: ModelOperation): void => {
    if (operation.type !== 'put' && operation.type !== 'merge') return;
    const name = operation.family ?? FAMILY_DEFAULT;
    const keys = keysByFamily.get(name) ?? new Map<string, Uint8Array>();
    keysByFamily.set(name, keys.set(latin1(operation.key), operation.key));
  };

  return {
    commits,
    get uppers() {
      return uppers;
    },
    familyOf,
    uppersByKey() {
      const [keys, timestamps] = [splits, uppers];
      return (key) => timestamps[positionIn(keys, key)] as number;
    },
    keysOf: (name) => [...(keysByFamily.get(name)?.values() ?? [])].sort(compareBytes),
    versionsOf(name, key) {
      const id = `${name}/${latin1(key)}`;
      const versions = timelines.get(id) ?? timelineOf(commits, name, familyOf(name), key);
      timelines.set(id, versions);
      return versions;
    },
    append(timestamp, operations) {
      if (operations.length === 0)
        throw new ClorthoError('CLORTHO_INVALID', 'a batch has at least one operation');
      for (const operation of operations) check(operation);
      const touched = new Set(operations.flatMap(shardsOf));
      for (const shard of touched) checkTimestamp(timestamp, shard);
      uppers = uppers.map((upper, shard) => (touched.has(shard) ? timestamp : upper));
      commits.push({ timestamp, operations });
      for (const operation of operations) rememberKey(operation);
      timelines.clear();
    },
    split(key) {
      const shard = shardOf(key);
      const first = splits[shard - 1] ?? new Uint8Array(0);
      if (compareBytes(first, key) === 0) return;
      splits = [...splits.slice(0, shard), key, ...splits.slice(shard)];
      uppers = [...uppers.slice(0, shard), uppers[shard] as number, ...uppers.slice(shard)];
    },
  };
}

function positionIn(splits: readonly Uint8Array[], key: Uint8Array): number {
  return splits.filter((split) => compareBytes(split, key) <= 0).length;
}

// One character per byte: equal strings for equal keys.
function latin1(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
