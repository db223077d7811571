/** What a store tells about itself: its tree, its caches, its requests. */
import { type FileEntry, horizonOf, NO_FILES, type ShardState } from '@clortho/manifest';
import type { ObjectCounters } from '@clortho/object-store';
import type { RegisterCounters } from '@clortho/registers';
import type { Family } from './catalog/family.ts';
import type { FamilyRecord } from './catalog/record.ts';
import type { BackPressureStats } from './commit/back-pressure.ts';
import type { CompactionStats } from './maintenance/compaction-stats.ts';
import type { TimeMode } from './options.ts';
import type { Tables } from './view/tables.ts';

/** Files of one part of a tree. */
export interface TierStats {
  readonly runs: number;
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
}

/** One family of one shard. */
export interface FamilyStats {
  readonly family: string;
  readonly kind: string;
  /** Reads below this timestamp are refused. */
  readonly horizon: number;
  readonly delta: TierStats;
  readonly current: TierStats;
  readonly history: TierStats;
  /** All files, newest first within a tier. */
  readonly entries: readonly FileEntry[];
}

/** One shard. */
export interface ShardStats {
  readonly shard: number;
  /** The first key, inclusive. */
  readonly lower: Uint8Array;
  /** The end, exclusive; `undefined` for the last shard. */
  readonly upper: Uint8Array | undefined;
  readonly version: number;
  readonly epoch: number;
  /** The timestamp of the last commit. */
  readonly lastCommit: number;
  readonly floor: number;
  readonly families: readonly FamilyStats[];
}

/** See {@link Store.stats}. */
export interface StoreStats {
  readonly name: string;
  readonly id: string;
  readonly time: TimeMode;
  /** What the store remembers of its families. */
  readonly families: readonly FamilyRecord[];
  readonly shards: readonly ShardStats[];
  readonly totals: { readonly delta: TierStats; readonly current: TierStats; readonly history: TierStats };
  readonly blockCache: Tables['blockStats'];
  readonly openFiles: Tables['openStats'];
  readonly objects: Readonly<ObjectCounters>;
  readonly registers: Readonly<RegisterCounters>;
  readonly compaction: CompactionStats;
  readonly queued: { readonly batches: number; readonly bytes: number };
  readonly backPressure: BackPressureStats;
}

/** Returns the statistics of a shard; `bounds` are its key bounds. */
export function shardStats(
  { head, files }: ShardState,
  bounds: { readonly lower: Uint8Array; readonly upper: Uint8Array | undefined },
  families: readonly Family[],
): ShardStats {
  return {
    shard: head.shard,
    ...bounds,
    version: head.version,
    epoch: head.epoch,
    lastCommit: head.upper,
    floor: head.floor,
    families: families.map(({ record }) => {
      const { delta, current, history } = files.get(record.number) ?? NO_FILES;
      return {
        family: record.name,
        kind: record.kind,
        horizon: horizonOf(head, record.number),
        delta: tierStats(delta),
        current: { ...tierStats(current), runs: Math.min(1, current.length) },
        history: { ...tierStats(history), runs: Math.min(1, history.length) },
        entries: [...delta, ...current, ...history],
      };
    }),
  };
}

/** Returns the sums over tiers. */
export function sumTiers(tiers: readonly TierStats[]): TierStats {
  const sum = { runs: 0, files: 0, bytes: 0, rows: 0 };
  for (const tier of tiers) {
    sum.runs += tier.runs;
    sum.files += tier.files;
    sum.bytes += tier.bytes;
    sum.rows += tier.rows;
  }
  return sum;
}

function tierStats(files: readonly FileEntry[]): TierStats {
  let bytes = 0;
  let rows = 0;
  for (const file of files) {
    bytes += file.bytes;
    rows += file.rows;
  }
  return { runs: new Set(files.map((file) => file.run)).size, files: files.length, bytes, rows };
}
