/** The public names of `@clortho/compaction`. */
export { type CollectorReference, loadCollector } from './collector/load-collector.ts';
export { type FilterReference, loadFilter } from './filter/load-filter.ts';
export { filteredAt, type RowFilter } from './filter/row-filter.ts';
export { type ExecuteOptions, executeMerge } from './merge/execute-merge.ts';
export {
  type MergeIo,
  type MergeJob,
  type MergeOutput,
  type MergeOutputFacts,
  type MergeProgress,
  type MergeResult,
  type MergeRunOptions,
  READ_AHEAD_BYTES,
  TARGET_FILE_BYTES,
} from './merge/merge-job.ts';
export { loadExport, type ModuleReference } from './module/load-export.ts';
export {
  appendOperator,
  builtInOperators,
  maxOperator,
  minOperator,
  sumOperator,
} from './operator/built-in-operators.ts';
export { loadOperator, type OperatorReference } from './operator/load-operator.ts';
export { type MergeOperator, mergeValues } from './operator/merge-operator.ts';
export type { CompactionFile, Tier } from './strategy/compaction-file.ts';
export {
  type HistoryWindow,
  type HistoryWindows,
  historyWindow,
  isClosed,
  WINDOW_FAN_IN,
  windowOf,
} from './strategy/history-window.ts';
export { deltaStrategy, kvStrategy, manualStrategy } from './strategy/kv-strategy.ts';
export { logStrategy } from './strategy/log-strategy.ts';
export { KV_DEFAULTS, type KvOptions, LOG_DEFAULTS, type LogOptions } from './strategy/options.ts';
export {
  type CompactionState,
  type DropPlan,
  type MergePlan,
  type MergeTarget,
  type MovePlan,
  NOTHING,
  type NothingPlan,
  type Plan,
  type RunningBaseMerge,
  type Strategy,
  type Work,
} from './strategy/plan.ts';
export { ALL_TIMES, isReadable, type Readable } from './strategy/readable.ts';
export { inputsOf, type Replacement, replacementOf, underWay } from './strategy/replacement.ts';
export { mergedDeletes } from './strategy/runs.ts';
export { clipRangeDeletes, type KeyRange } from './versions/clip-range-deletes.ts';
export { collectGroup, collectGroupBackward } from './versions/collect-group.ts';
export { type HistoryEntry, historyOf, historyWithNewest } from './versions/history-of.ts';
export { type Life, livesOf } from './versions/lives-of.ts';
export { NO_FRAGMENT, NO_RANGE_DELETE, RangeDeleteIndex } from './versions/range-delete-index.ts';
export { type Resolved, resolveAt } from './versions/resolve-at.ts';
export { VersionGroup } from './versions/version-group.ts';
export { isExpired, type VersionRules } from './versions/version-rules.ts';
export { type CompactionPool, type CompactionPoolOptions, compactionPool } from './worker/compaction-pool.ts';
