/** The index: entries of data blocks, and the table of its partitions (R18, R21 to R24). */
import { ANY_COUNT, ANY_TIME, byteStrings, countOf, integers, KEY_MAX, keys, RAW_MAX } from './columns.ts';
import type { Reading } from './reading.ts';
import { compareRows, type Timestamps, timestamps } from './rows.ts';
import { demand, type Rule } from './rule.ts';

export interface NaiveEntry {
  /** Key and timestamp of the first row. */
  readonly key: Uint8Array;
  readonly timestamp: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly rows: number;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly minEndTimestamp: number;
  readonly maxEndTimestamp: number;
  /** Of each collector. */
  readonly statistics: readonly Uint8Array[];
}

export interface NaivePartition {
  /** Key and timestamp of the first row of its first block. */
  readonly key: Uint8Array;
  readonly timestamp: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly blocks: number;
  readonly blockBytes: number;
}

/** Bounds of R3. */
const BLOCKS_MAX = 2 ** 21;
const COLLECTORS_MAX = 64;

export function readEntries(reading: Reading, times: Timestamps, collectors: number): NaiveEntry[] {
  const count = countOf(reading);
  demand(count <= BLOCKS_MAX, 'R3', `${count} data blocks`);
  const firstKeys = keys(reading, count, KEY_MAX);
  const firstTimestamps = timestamps(reading, count, times);
  const storedBytes = integers(reading, count, ANY_COUNT);
  const rawBytes = integers(reading, count, ANY_COUNT);
  const rows = integers(reading, count, ANY_COUNT);
  const minTimestamps = timestamps(reading, count, times);
  const maxTimestamps = timestamps(reading, count, times);
  const minEnds = integers(reading, count, ANY_TIME);
  const maxEnds = integers(reading, count, ANY_TIME);
  const stated = reading.varint();
  demand(stated <= COLLECTORS_MAX, 'R3', `${stated} collectors`);
  demand(stated === collectors, 'R23', `${stated} collectors in the index, ${collectors} in the properties`);
  const statistics = Array.from({ length: stated }, () => byteStrings(reading, count, RAW_MAX));
  reading.end('R2', 'the index');
  const entries = firstKeys.map((key, at) => ({
    key,
    timestamp: firstTimestamps[at]!,
    storedBytes: storedBytes[at]!,
    rawBytes: rawBytes[at]!,
    rows: rows[at]!,
    minTimestamp: minTimestamps[at]!,
    maxTimestamp: maxTimestamps[at]!,
    minEndTimestamp: minEnds[at]!,
    maxEndTimestamp: maxEnds[at]!,
    statistics: statistics.map((perBlock) => perBlock[at]!),
  }));
  demandAscending(entries, 'R22');
  return entries;
}

export function readPartitionTable(reading: Reading, times: Timestamps): NaivePartition[] {
  const count = countOf(reading);
  demand(count >= 1, 'R24', 'a partitioned index without partitions');
  demand(count <= BLOCKS_MAX, 'R3', `${count} partitions`);
  const firstKeys = keys(reading, count, KEY_MAX);
  const firstTimestamps = timestamps(reading, count, times);
  const storedBytes = integers(reading, count, ANY_COUNT);
  const rawBytes = integers(reading, count, ANY_COUNT);
  const blocks = integers(reading, count, { least: 1, greatest: BLOCKS_MAX });
  const blockBytes = integers(reading, count, ANY_COUNT);
  reading.end('R2', 'the partition table');
  const partitions = firstKeys.map((key, at) => ({
    key,
    timestamp: firstTimestamps[at]!,
    storedBytes: storedBytes[at]!,
    rawBytes: rawBytes[at]!,
    blocks: blocks[at]!,
    blockBytes: blockBytes[at]!,
  }));
  demandAscending(partitions, 'R24');
  return partitions;
}

/** Checks the entries of one partition against what the table says of it. */
export function checkPartition(partition: NaivePartition, entries: readonly NaiveEntry[]): void {
  const bytes = entries.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  demand(
    entries.length === partition.blocks,
    'R24',
    `${entries.length} blocks, stated are ${partition.blocks}`,
  );
  demand(
    bytes === partition.blockBytes,
    'R24',
    `${bytes} bytes of blocks, stated are ${partition.blockBytes}`,
  );
  demand(
    compareRows(entries[0]!, partition) === 0,
    'R24',
    'a partition begins with another row than its entry',
  );
}

/** Demands that first rows ascend strictly. */
export function demandAscending(entries: readonly Pick<NaiveEntry, 'key' | 'timestamp'>[], rule: Rule): void {
  for (const [at, entry] of entries.entries()) {
    demand(at === 0 || compareRows(entries[at - 1]!, entry) < 0, rule, `entry ${at} out of order`);
  }
}
