/** What a store tells about itself: its tree, its caches, its requests. */
import type { DiskCacheStats, RowCacheStats } from '@clortho/block-cache';
import { type FileEntry, horizonOf, NO_FILES, type Pin, type ShardState } from '@clortho/manifest';
import type { ObjectCounters } from '@clortho/object-store';
import type { RegisterCounters } from '@clortho/registers';
import type { Family } from './catalog/family.ts';
import type { FamilyRecord } from './catalog/record.ts';
import type { BackPressureStats } from './commit/back-pressure.ts';
import { type Debt, debtOf } from './commit/debt.ts';
import type { CompactionStats } from './maintenance/compaction-stats.ts';
import type { LatencyStats } from './metrics/metrics.ts';
import type { TimeMode } from './options.ts';
import { type Amplification, type SpaceStats, spaceStats } from './space-stats.ts';
import type { StoreView } from './view/store-view.ts';
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

/** What {@link Store.stats} looks at. */
export interface StatsOptions {
  /**
   * Whether the pins of all processes are listed first, which is a request; otherwise they are those that compaction and
   * garbage collection of this process saw last.
   */
  readonly listPins?: boolean | undefined;
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
  /** Rows that were read lately, one by one. */
  readonly rowCache: RowCacheStats;
  readonly openFiles: Tables['openStats'];
  /** `undefined` without a cache on disk. */
  readonly diskCache: DiskCacheStats | undefined;
  readonly objects: Readonly<ObjectCounters>;
  readonly registers: Readonly<RegisterCounters>;
  readonly latencies: LatencyStats;
  readonly compaction: CompactionStats;
  readonly space: SpaceStats;
  /** Since the store was opened. */
  readonly amplification: Amplification;
  /** What was committed and never merged, over all families and shards. */
  readonly pending: Debt;
  readonly queued: { readonly batches: number; readonly bytes: number };
  readonly backPressure: BackPressureStats;
}

/** What statistics say of a view. */
export type TreeStats = Pick<
  StoreStats,
  'families' | 'shards' | 'totals' | 'space' | 'amplification' | 'pending'
>;

/** Returns what a view is made of. `traffic` is since the handle was opened: bytes put, and of those in committed files. */
export function treeStats(
  { map, shards: states }: StoreView,
  families: readonly Family[],
  pins: readonly Pin[],
  traffic: { readonly put: number; readonly committed: number },
): TreeStats {
  const shards = states.map((state, position) => {
    const bounds = { lower: map.splits[position - 1] ?? new Uint8Array(0), upper: map.splits[position] };
    return shardStats(state, bounds, families);
  });
  const places = shards.flatMap((shard) => shard.families);
  const totals = {
    delta: sumTiers(places.map(({ delta }) => delta)),
    current: sumTiers(places.map(({ current }) => current)),
    history: sumTiers(places.map(({ history }) => history)),
  };
  const keeping = new Set(
    families.filter(({ record }) => record.keepVersions > 0).map(({ record }) => record.number),
  );
  return {
    families: families.map((family) => family.record),
    shards,
    totals,
    space: spaceStats(states, pins, (family) => keeping.has(family)),
    amplification: amplificationOf(places, totals, traffic),
    pending: pendingIn(states),
  };
}

function shardStats(
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

function sumTiers(tiers: readonly TierStats[]): TierStats {
  const sum = { runs: 0, files: 0, bytes: 0, rows: 0 };
  for (const tier of tiers) {
    sum.runs += tier.runs;
    sum.files += tier.files;
    sum.bytes += tier.bytes;
    sum.rows += tier.rows;
  }
  return sum;
}

function pendingIn(shards: readonly ShardState[]): Debt {
  let [runs, bytes] = [0, 0];
  for (const { files } of shards) {
    for (const { delta } of files.values()) {
      const debt = debtOf(delta);
      runs += debt.runs;
      bytes += debt.bytes;
    }
  }
  return { runs, bytes };
}

function amplificationOf(
  places: readonly FamilyStats[],
  { delta, current, history }: StoreStats['totals'],
  { put, committed }: Parameters<typeof treeStats>[3],
): Amplification {
  const live = delta.bytes + current.bytes;
  return {
    write: committed === 0 ? undefined : put / committed,
    space: live === 0 ? undefined : (live + history.bytes) / live,
    read: Math.max(0, ...places.map((one) => one.delta.runs + one.current.runs)),
  };
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
