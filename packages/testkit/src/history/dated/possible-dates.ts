/**
 * Timestamps that an unknown write may have got.
 *
 *     ──── w1 @10 ──── read as of 20 ──── w2 @30 ────
 *         │        11        │      21       │    31         one candidate per gap: nothing tells
 *                                                            apart the timestamps within one
 */
import { matches, type PreparedOperation } from '../prepared-operation.ts';
import type { Assumptions, Suspect } from './assumptions.ts';
import { type Commit, lastAt, type Timelines, type Version } from './commit.ts';
import type { Shard } from './cut.ts';
import { timeOf } from './past-reads.ts';

/** The history that a write has to fit into. */
export interface DatedHistory {
  readonly operations: readonly PreparedOperation[];
  readonly shardOf: (key: string) => Shard;
  readonly timelines: Timelines;
  readonly assumptions: Assumptions;
}

/** Returns the timestamps, one of each kind, at which `write` may have taken effect so that the suspect saw it. */
export function possibleDates(
  write: PreparedOperation,
  { operation, read }: Suspect,
  { operations, shardOf, timelines, assumptions }: DatedHistory,
): number[] {
  if (read.timestamp !== undefined) return [read.timestamp];
  const time = timeOf(operation, assumptions);
  const near = commitsBeside(write, shardOf, timelines);
  const versions = timelines.versions.get(read.key) ?? [];
  const newest = time === undefined ? newestBefore(operation, versions) : versions[lastAt(versions, time)];
  const isFitting = newest !== undefined && matches(read, newest.value, newest.commit.timestamp);
  const hidden = time !== undefined && isFitting ? undefined : newest;

  // Above what returned before the write began and what it has to hide; below what began after it was seen.
  const low = Math.max(
    hidden?.commit.timestamp ?? Number.NEGATIVE_INFINITY,
    ...near.filter(({ returned }) => returned < write.invoked).map(({ timestamp }) => timestamp),
  );
  const high = Math.min(
    time ?? Number.POSITIVE_INFINITY,
    ...near.filter(({ invoked }) => invoked > operation.returned).map(({ timestamp }) => timestamp - 1),
  );

  const times = operations
    .filter(({ reads }) => reads.some(({ key }) => write.writes.has(key)))
    .map((reader) => timeOf(reader, assumptions))
    .filter((time) => time !== undefined);
  const borders = [...new Set([...near.map(({ timestamp }) => timestamp), ...times])]
    .filter((border) => border >= low && border <= high)
    .sort((a, b) => a - b);
  const first = Number.isFinite(low) ? low + 1 : (borders[0] ?? (Number.isFinite(high) ? high + 1 : 1)) - 1;
  // Writes whose replies were lost together may be one commit.
  const shared = near.filter(({ members }) => members.every(({ isKnown }) => !isKnown));
  const taken = new Set(near.filter((commit) => !shared.includes(commit)).map(({ timestamp }) => timestamp));
  const dates = [first, ...borders.map((border) => border + 1), ...shared.map(({ timestamp }) => timestamp)];
  return [...new Set(dates)]
    .filter((date) => date > low && date <= high && !taken.has(date))
    .sort((a, b) => a - b);
}

/** Returns the newest version that was acknowledged before a read began: the read saw it or a later one. */
function newestBefore({ invoked }: PreparedOperation, versions: readonly Version[]): Version | undefined {
  return versions.findLast(({ commit }) => commit.returned < invoked);
}

/** Returns the commits of all shards that a write touches. */
function commitsBeside(
  { writes }: PreparedOperation,
  shardOf: (key: string) => Shard,
  { chains }: Timelines,
): Commit[] {
  const shards = new Set([...writes.keys()].map(shardOf));
  return [...new Set([...shards].flatMap((shard) => chains.get(shard) ?? []))];
}
