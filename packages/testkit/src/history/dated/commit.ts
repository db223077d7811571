/**
 * Commits: the writes of a history in the order of their timestamps, per shard and per key.
 *
 *     shard 1     w1 @10 ──► w3 @30 ──► w4+w5 @40       writes of one timestamp on one shard are one commit
 *     key a       x  @10     y  @30     z     @40       the last member that writes the key wins
 *
 * Invariants:
 * - Per shard and per key, commits are in the order of their timestamps, no two of them equal.
 */
import type { HistoryValue } from '../history-operation.ts';
import type { PreparedOperation } from '../prepared-operation.ts';
import { type Assumptions, type DatedFinding, dateOf } from './assumptions.ts';
import { partitionPoint } from './partition-point.ts';

/** One or several writes that took effect together. */
export interface Commit {
  /** Its place among all commits, which are in the order of their timestamps. */
  readonly id: number;
  readonly timestamp: number;
  /** In the order in which they apply. */
  readonly members: readonly PreparedOperation[];
  readonly writes: ReadonlyMap<string, HistoryValue>;
  /** The last invocation and the first return of its members: it took effect between the two. */
  readonly invoked: number;
  readonly returned: number;
  /** Its place among the commits of each shard that it touches. */
  readonly places: ReadonlyMap<string | number, number>;
}

/** A value of a key, from its commit to the next on the key. */
export interface Version {
  readonly commit: Commit;
  readonly value: HistoryValue;
}

/** All commits of a history. */
export interface Timelines {
  readonly commits: readonly Commit[];
  /** By shard, oldest first. */
  readonly chains: ReadonlyMap<string | number, readonly Commit[]>;
  /** By key, oldest first. */
  readonly versions: ReadonlyMap<string, readonly Version[]>;
}

/** Returns the commits of a history, or what is wrong with their timestamps. `undefined`: the assumptions are. */
export function timelinesOf(
  operations: readonly PreparedOperation[],
  shardOf: (key: string) => string | number,
  assumptions: Assumptions,
): Timelines | DatedFinding | undefined {
  const dated: (readonly [number, PreparedOperation])[] = [];
  for (const operation of operations) {
    const date = operation.writes.size === 0 ? undefined : dateOf(operation, assumptions);
    if (date !== undefined) dated.push([date, operation]);
  }
  dated.sort(([date, one], [other, two]) => date - other || byInvocation(one, two));

  const commits: Commit[] = [];
  const chains = new Map<string | number, Commit[]>();
  const versions = new Map<string, Version[]>();
  for (let start = 0, end = 0; start < dated.length; start = end) {
    const timestamp = (dated[start] as (typeof dated)[number])[0];
    while (dated[end]?.[0] === timestamp) end += 1;
    const equal = dated.slice(start, end).map(([, operation]) => operation);
    for (const group of equal.length === 1 ? [equal] : groupsOf(equal, shardOf)) {
      if (group.length > 1 && group.some(({ reads }) => reads.length > 0)) return shared(group, timestamp);
      const members = inOrder(group, assumptions);
      if (members === undefined) return undefined;
      const writes = new Map(members.flatMap((member) => [...member.writes]));
      const shards = new Set([...writes.keys()].map(shardOf));
      const places = new Map([...shards].map((shard) => [shard, chains.get(shard)?.length ?? 0]));
      const invoked = Math.max(...members.map((member) => member.invoked));
      const returned = Math.min(...members.map((member) => member.returned));
      if (returned < invoked) return apart(members, timestamp);
      const commit: Commit = { id: commits.length, timestamp, members, writes, invoked, returned, places };
      commits.push(commit);
      for (const shard of shards) append(chains, shard, commit);
      for (const [key, value] of writes) append(versions, key, { commit, value });
    }
  }
  return { commits, chains, versions };
}

/** Returns the place of the last version at or below a time; -1 if there is none. */
export function lastAt(versions: readonly Version[], timestamp: number): number {
  return (
    partitionPoint(versions.length, (place) => (versions[place] as Version).commit.timestamp <= timestamp) - 1
  );
}

/** Splits writes of one timestamp into those that share shards, directly or through others. */
function groupsOf(
  operations: readonly PreparedOperation[],
  shardOf: (key: string) => string | number,
): PreparedOperation[][] {
  let groups: { readonly shards: Set<string | number>; readonly members: PreparedOperation[] }[] = [];
  for (const operation of operations) {
    const shards = new Set([...operation.writes.keys()].map(shardOf));
    const touching = groups.filter((group) => [...shards].some((shard) => group.shards.has(shard)));
    const members = [...touching.flatMap((group) => group.members), operation];
    groups = groups.filter((group) => !touching.includes(group));
    groups.push({ shards: new Set([...touching.flatMap((group) => [...group.shards]), ...shards]), members });
  }
  return groups.map(({ members }) => members.sort(byInvocation));
}

function byInvocation(one: PreparedOperation, two: PreparedOperation): number {
  return one.invoked - two.invoked || one.index - two.index;
}

/** Sorts members by invocation, but for what is assumed about them. `undefined`: the assumptions contradict each other. */
function inOrder(
  members: readonly PreparedOperation[],
  { before }: Assumptions,
): readonly PreparedOperation[] | undefined {
  if (before.length === 0 || members.length === 1) return members;
  const rest = [...members];
  const sorted: PreparedOperation[] = [];
  while (rest.length > 0) {
    const isFree = ({ index }: PreparedOperation): boolean =>
      !before.some(([first, second]) => second === index && rest.some((other) => other.index === first));
    const next = rest.findIndex(isFree);
    if (next < 0) return undefined;
    sorted.push(...rest.splice(next, 1));
  }
  return sorted;
}

function shared(members: readonly PreparedOperation[], timestamp: number): DatedFinding {
  const text = `a transaction shares the timestamp ${timestamp} with another commit of its shard`;
  return { kind: 'equal-timestamps', text, operations: members.map(({ source }) => source), suspects: [] };
}

function apart(members: readonly PreparedOperation[], timestamp: number): DatedFinding {
  const text = `commits of one shard share the timestamp ${timestamp}, but one had returned before another began`;
  return { kind: 'equal-timestamps', text, operations: members.map(({ source }) => source), suspects: [] };
}

function append<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
