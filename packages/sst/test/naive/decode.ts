/**
 * A second decoder of the SST format, written from FORMAT.md alone and sharing no code with the package.
 *
 * It reads everything in the file, slowly, and checks everything that the page says. Where reader and page disagree, one
 * of them is wrong; without a decoder of its own nobody would notice.
 */
import {
  checkPartition,
  demandAscending,
  type NaiveEntry,
  type NaivePartition,
  readEntries,
  readPartitionTable,
} from './block-index.ts';
import { compare } from './columns.ts';
import { type NaiveFilter, NO_FILTER, readFilter } from './filter.ts';
import { type Footer, readFooter } from './footer.ts';
import { type NaiveProperties, readProperties } from './properties.ts';
import type { Reading } from './reading.ts';
import {
  compareRows,
  dataBlock,
  type NaiveRangeDelete,
  type NaiveRow,
  rangeDeletes,
  type Timestamps,
} from './rows.ts';
import { demand } from './rule.ts';
import { type Place, storedBlocks } from './stored-block.ts';

export interface NaiveFile {
  readonly footer: Footer;
  readonly properties: NaiveProperties;
  readonly rangeDeletes: readonly NaiveRangeDelete[];
  readonly filter: NaiveFilter;
  /** Empty where the index has none. */
  readonly partitions: readonly NaivePartition[];
  readonly entries: readonly NaiveEntry[];
  /** The rows of each block. */
  readonly blocks: readonly (readonly NaiveRow[])[];
  /** Rules for writers that the file breaks; a reader does not mind. */
  readonly remarks: readonly string[];
}

type ReadBlock = (place: Place) => Reading;

/**
 * Decodes a whole file. `timestamp` is that of all rows in a file without timestamps.
 *
 * @throws {BrokenRule} whatever is wrong with the file, by the number of the rule.
 */
export function decodeNaively(file: Uint8Array, timestamp = 0): NaiveFile {
  const remarks: string[] = [];
  const footer = readFooter(file);
  const read = storedBlocks(file, footer.salt, footer.codecs, remarks);
  const times = { absent: footer.timestampsAbsent, given: timestamp };

  const properties = readProperties(read(footer.properties));
  const ranges = footer.rangeDeletes === undefined ? [] : rangeDeletes(read(footer.rangeDeletes), times);
  const filter = footer.filter === undefined ? NO_FILTER : readFilter(read(footer.filter));
  const partitions = footer.indexPartitioned ? readPartitionTable(read(footer.index), times) : [];
  const entries = footer.indexPartitioned
    ? readPartitions(read, footer, partitions, times, properties.collectors.length)
    : readEntries(read(footer.index), times, properties.collectors.length);
  const blocks = readBlocks(read, footer, entries, times);

  checkRows(blocks, entries, properties);
  checkProperties(properties, blocks, ranges, footer.timestampsAbsent);
  demand(filter === NO_FILTER || properties.rows > 0, 'R25', 'a filter in a file without rows');
  for (const { key } of blocks.flat())
    demand(filter.mayContain(key), 'R25', 'the filter denies a key that is there');
  return { footer, properties, rangeDeletes: ranges, filter, partitions, entries, blocks, remarks };
}

function readPartitions(
  read: ReadBlock,
  { tailOffset, index }: Footer,
  partitions: readonly NaivePartition[],
  times: Timestamps,
  collectors: number,
): NaiveEntry[] {
  const offsets = offsetsOf(tailOffset, partitions);
  demand(
    offsets.at(-1) === index.offset,
    'R24',
    `partitions end at ${offsets.at(-1)}, not at ${index.offset}`,
  );
  const entries = partitions.flatMap((partition, at) => {
    const place = { part: `partition ${at}`, offset: offsets[at]!, ...partition };
    const found = readEntries(read(place), times, collectors);
    checkPartition(partition, found);
    return found;
  });
  demandAscending(entries, 'R24');
  return entries;
}

function readBlocks(
  read: ReadBlock,
  { tailOffset }: Footer,
  entries: readonly NaiveEntry[],
  times: Timestamps,
): NaiveRow[][] {
  const offsets = offsetsOf(0, entries);
  demand(offsets.at(-1) === tailOffset, 'R21', `blocks end at ${offsets.at(-1)}, not at ${tailOffset}`);
  return entries.map((entry, at) =>
    dataBlock(read({ part: `data block ${at}`, offset: offsets[at]!, ...entry }), times),
  );
}

/** Where stored blocks begin that follow each other from `start` on, and where the last one ends. */
function offsetsOf(start: number, stored: readonly { readonly storedBytes: number }[]): number[] {
  const offsets = [start];
  for (const { storedBytes } of stored) offsets.push(offsets.at(-1)! + storedBytes);
  return offsets;
}

function checkRows(
  blocks: readonly (readonly NaiveRow[])[],
  entries: readonly NaiveEntry[],
  { maxKey }: NaiveProperties,
): void {
  const rows = blocks.flat();
  for (const [at, row] of rows.entries()) {
    demand(at === 0 || compareRows(rows[at - 1]!, row) < 0, 'R7', `row ${at} out of order`);
    demand(compare(row.key, maxKey) <= 0, 'R22', `row ${at} after the greatest key`);
  }
  for (const [at, block] of blocks.entries()) {
    const entry = entries[at]!;
    demand(
      block.length === entry.rows,
      'R22',
      `block ${at} has ${block.length} rows, stated are ${entry.rows}`,
    );
    demand(compareRows(block[0]!, entry) === 0, 'R22', `block ${at} begins with another row than its entry`);
    const bounds = boundsOf(block);
    for (const bound of BOUNDS) demand(bounds[bound] === entry[bound], 'R22', `${bound} of block ${at}`);
  }
}

const BOUNDS = ['minTimestamp', 'maxTimestamp', 'minEndTimestamp', 'maxEndTimestamp'] as const;

/** Of no rows: the bounds that the page gives an empty file. */
function boundsOf(
  rows: readonly Pick<NaiveRow, 'timestamp' | 'endTimestamp'>[],
): Record<(typeof BOUNDS)[number], number> {
  const timestamps = rows.map(({ timestamp }) => timestamp);
  const ends = rows.map(({ endTimestamp }) => endTimestamp);
  return {
    minTimestamp: rows.length === 0 ? 0 : Math.min(...timestamps),
    maxTimestamp: rows.length === 0 ? 0 : Math.max(...timestamps),
    minEndTimestamp: rows.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...ends),
    maxEndTimestamp: rows.length === 0 ? Number.MAX_SAFE_INTEGER : Math.max(...ends),
  };
}

/** Counts what the properties state. */
function checkProperties(
  properties: NaiveProperties,
  blocks: readonly (readonly NaiveRow[])[],
  ranges: readonly NaiveRangeDelete[],
  timestampsAbsent: boolean,
): void {
  const rows = blocks.flat();
  const keys = [...rows.map(({ key }) => key), ...ranges.flatMap(({ start, end }) => [start, end])].sort(
    compare,
  );
  const { minEndTimestamp, maxEndTimestamp } = boundsOf(rows);
  const times = timestampsAbsent ? [] : [...rows, ...ranges].map(({ timestamp }) => timestamp);
  const counted: Omit<NaiveProperties, 'collectors'> = {
    rawBytes: rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0),
    blocks: blocks.length,
    rows: rows.length,
    deletes: rows.filter(({ kind }) => kind === 1).length,
    merges: rows.filter(({ kind }) => kind === 2).length,
    rangeDeletes: ranges.length,
    minKey: keys[0] ?? new Uint8Array(0),
    maxKey: keys.at(-1) ?? new Uint8Array(0),
    minTimestamp: times.length === 0 ? 0 : Math.min(...times),
    maxTimestamp: times.length === 0 ? 0 : Math.max(...times),
    minEndTimestamp,
    maxEndTimestamp,
  };
  for (const [name, value] of Object.entries(counted)) {
    const stated = properties[name as keyof typeof counted];
    const same = typeof value === 'number' ? stated === value : compare(stated as Uint8Array, value) === 0;
    demand(same, 'R27', `${name} states ${String(stated)}, counted ${String(value)}`);
  }
}
