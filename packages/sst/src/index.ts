/** The public names of `@clortho/sst`. */
export { Block } from './block/block.ts';
export { WorkMemory } from './block/work-memory.ts';
export type { Codec, CodecName } from './codec/codec.ts';
export { codecNames } from './codec/registry.ts';
export { type BloomOptions, bloom, type ValueSet } from './collector/bloom.ts';
export type { Collector, CollectorDefinition, MayMatch, Statistics } from './collector/collector.ts';
export type { BytesColumn, Column, NumberType } from './collector/column.ts';
export { type CountByOptions, type Counts, countBy } from './collector/count-by.ts';
export { type Distinct, type DistinctOptions, distinct } from './collector/distinct.ts';
export { type MinMax, minMax } from './collector/min-max.ts';
export { MergingCursor } from './cursor/merging-cursor.ts';
export { ShownRow } from './cursor/shown-row.ts';
export type { FilterOptions } from './filter/filter.ts';
export type { FilterFacts } from './inspect/filter-facts.ts';
export {
  readSstLayout,
  type SstFeature,
  type SstLayout,
  type SstLayoutOptions,
} from './inspect/layout.ts';
export type { BlockColumns, DamagedBlock, ReadableBlock } from './inspect/read-block-columns.ts';
export type { SstPart, SstPartName } from './inspect/read-part.ts';
export type { BlockColumn, BlockColumnName } from './inspect/walk-block.ts';
export { BLOCKS_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.ts';
export type { BlockCache } from './reader/block-cache.ts';
export type { SstCursorOptions } from './reader/cursor-options.ts';
export { fileSource } from './reader/file-source.ts';
export type { SstScanOptions } from './reader/scan-options.ts';
export type { SstSource } from './reader/source.ts';
export { type BlockFacts, Sst, type SstGetOptions, type SstOpenOptions } from './reader/sst.ts';
export { SstCursor } from './reader/sst-cursor.ts';
export {
  BLOCKED,
  DELETE,
  END,
  MERGE,
  NEVER,
  PUT,
  type RangeDelete,
  ROW,
  type Row,
  type RowCursor,
  type RowKind,
  type RowPosition,
  type Step,
} from './row.ts';
export { sortKeySlices, sortKeys } from './sort/sort-keys.ts';
export type { SstSummary } from './summary.ts';
export { encodeBatch } from './writer/encode-batch.ts';
export { type EncodeSstOptions, encodeSst } from './writer/encode-sst.ts';
export { SparePieces } from './writer/spare-pieces.ts';
export { SstWriter } from './writer/sst-writer.ts';
export { type WriteSstFileOptions, writeSstFile } from './writer/write-sst-file.ts';
export type { SstWriterOptions } from './writer/writer-options.ts';
