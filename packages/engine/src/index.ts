/** The public names of `@clortho/engine`. */
export type { LatencySummary } from '@clortho/base';
export type { CacheFileSystem, DiskCacheEvent, DiskCacheStats } from '@clortho/block-cache';
export type { CollectorReference, MergeOperator, OperatorReference } from '@clortho/compaction';
export type { CollectorDefinition, MayMatch, MinMax, Statistics } from '@clortho/sst';
export type {
  Bytes,
  CallOptions,
  CommitToken,
  DelOptions,
  HistoryEntry,
  HistoryOptions,
  KeyRange,
  Operation,
  Prune,
  PruneReport,
  PutOptions,
  ReadOptions,
  ScanOptions,
  ScanRow,
  Timestamp,
  WarmOptions,
  WarmProgress,
  WarmResult,
  WriteOptions,
  WriteResult,
} from './api.ts';
export type { FamilyRecord } from './catalog/record.ts';
export type { BackPressureStats } from './commit/back-pressure.ts';
export { FamilyHandle } from './family-handle.ts';
export type { GcResult } from './maintenance/collect-garbage.ts';
export type { CompactionCounts, CompactionStats, RunningJob } from './maintenance/compaction-stats.ts';
export type { CompactResult } from './maintenance/compactor.ts';
export type { FailingPlace } from './maintenance/failing-places.ts';
export type { SplitResult } from './maintenance/split-shard.ts';
export type { TruncateResult } from './maintenance/truncate.ts';
export type {
  CommitMessage,
  CompactionMessage,
  GetMessage,
  Message,
  RequestMessage,
  ScanMessage,
  TransactMessage,
  WriteMessage,
} from './metrics/channels.ts';
export type { LatencyKind, LatencyStats } from './metrics/metrics.ts';
export { SHARDS_MAX } from './open/create-store.ts';
export { open } from './open/open.ts';
export { parseStoreUrl, type StoreLocation } from './open/url.ts';
export type {
  AwsOptions,
  DiskCacheSettings,
  FamilyKind,
  FamilyOptions,
  LogOptions,
  OpenOptions,
  RetentionOptions,
  StoreEvent,
  TimeMode,
  Tuning,
} from './options.ts';
export { NOT_RESIDENT } from './read/run-lookup.ts';
export { Scan } from './read/scan.ts';
export { ScanChunk } from './read/scan-chunk.ts';
export { Snapshot } from './snapshot/snapshot.ts';
export type { Amplification, SpaceStats } from './space-stats.ts';
export type { FamilyStats, ShardStats, StatsOptions, StoreStats, TierStats } from './stats.ts';
export { Store } from './store.ts';
export type { TransactOptions, TransactResult } from './transaction/run-transaction.ts';
export {
  Transaction,
  type TransactionReadOptions,
  type TransactionScanOptions,
  UNCOMMITTED,
} from './transaction/transaction.ts';
export type {
  VerifyFinding,
  VerifyOptions,
  VerifyProblem,
  VerifyProgress,
  VerifyReport,
} from './verify/verify-report.ts';
