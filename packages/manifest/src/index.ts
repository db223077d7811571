/** The public names of `@clortho/manifest`. */
export {
  decodeHead,
  decodeSegment,
  encodeHead,
  encodeSegment,
  HEAD_RECORD,
  SEGMENT_RECORD,
} from './codec.ts';
export { type Edit, stampEdit } from './edit.ts';
export { FieldReader } from './fields.ts';
export {
  BOUND_BYTES_MAX,
  type FileEntry,
  type FileReference,
  lowerBound,
  manifestStatistics,
  objectKey,
  STATISTIC_BYTES_MAX,
  shortenUpper,
  type Tier,
  upperBound,
} from './file-entry.ts';
export { HEAD_BYTES_MAX, TAIL_EDITS_MAX } from './fold.ts';
export {
  advanceHead,
  droppableBefore,
  type Head,
  type HeadPatch,
  type HeadState,
  horizonOf,
  initialHead,
  settledTimestamp,
} from './head.ts';
export type { ManifestContext } from './manifest-context.ts';
export {
  decodePinObject,
  decodePins,
  encodePinObject,
  encodePins,
  PINS_PREFIX,
  type Pin,
  type Pins,
  pinObjectKey,
  pinsKey,
} from './pins.ts';
export {
  mintToken,
  type PreparedChange,
  prepareChange,
  prepareChanges,
  type ShardChange,
} from './prepare-change.ts';
export { readStates } from './read-states.ts';
export { decodeRecord, encodeRecord, type RecordKind, recordVersion } from './record.ts';
export { type Segment, type SegmentReference, segmentKey, TOKEN_WINDOW } from './segment.ts';
export {
  allFiles,
  applyChange,
  type FamilyFiles,
  type FileChange,
  NO_FILES,
  type ShardFiles,
} from './shard-files.ts';
export {
  decodeShardMap,
  encodeShardMap,
  evenSplits,
  newShardMap,
  SHARD_MAP_KEY,
  type ShardMap,
  shardPosition,
} from './shard-map.ts';
export { headKey, loadSegment, loadState, type ShardState, stateOfNewShard } from './shard-state.ts';
export { SPLIT_KEY_BYTES_MAX, splitShard, type VersionedShardMap } from './split-shard.ts';
export { swapHeads } from './swap-heads.ts';
