/** Rows, data blocks and range deletes (R6, R7, R18, R19, R26). */
import {
  ANY_TIME,
  byteStrings,
  compare,
  countOf,
  integers,
  KEY_MAX,
  keys,
  RANGE_BOUND_MAX,
  VALUE_MAX,
} from './columns.ts';
import type { Reading } from './reading.ts';
import { demand } from './rule.ts';

/** A bound of R3. */
const RANGES_MAX = 2 ** 20;

export interface NaiveRow {
  readonly key: Uint8Array;
  readonly timestamp: number;
  /** 2^53 - 1: none. */
  readonly endTimestamp: number;
  /** 0 put, 1 delete, 2 merge operand. */
  readonly kind: 0 | 1 | 2;
  readonly value: Uint8Array;
}

export interface NaiveRangeDelete {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly timestamp: number;
}

/** Timestamps of a file: as they are stored, or all the same where the file holds none. */
export interface Timestamps {
  readonly absent: boolean;
  /** What its opener says of a file that holds none. */
  readonly given: number;
}

export function timestamps(reading: Reading, count: number, { absent, given }: Timestamps): number[] {
  const stored = integers(reading, count, ANY_TIME);
  if (!absent) return stored;
  demand(
    stored.every((timestamp) => timestamp === 0),
    'R18',
    'a timestamp in a file without timestamps',
  );
  return stored.map(() => given);
}

export function dataBlock(reading: Reading, times: Timestamps): NaiveRow[] {
  const count = countOf(reading);
  demand(count >= 1, 'R2', 'a data block without rows');
  const timestampsOf = timestamps(reading, count, times);
  const ends = integers(reading, count, ANY_TIME);
  const kinds = integers(reading, count, { least: 0, greatest: 2 });
  const lengths = integers(reading, count, { least: 0, greatest: VALUE_MAX });
  const keysOf = keys(reading, count, KEY_MAX);
  const valueBytes = lengths.reduce((sum, length) => sum + length, 0);
  demand(valueBytes === reading.left, 'R19', `values of ${valueBytes} bytes, ${reading.left} there`);
  return keysOf.map((key, at) => ({
    key,
    timestamp: timestampsOf[at]!,
    endTimestamp: ends[at]!,
    kind: kinds[at] as NaiveRow['kind'],
    value: reading.take(lengths[at]!),
  }));
}

/** The order of rows (R7): less than 0 where `left` comes first. */
export function compareRows(
  left: Pick<NaiveRow, 'key' | 'timestamp'>,
  right: Pick<NaiveRow, 'key' | 'timestamp'>,
): number {
  return compare(left.key, right.key) || right.timestamp - left.timestamp;
}

export function rangeDeletes(reading: Reading, times: Timestamps): NaiveRangeDelete[] {
  const count = countOf(reading);
  demand(count <= RANGES_MAX, 'R3', `${count} range deletes`);
  const starts = keys(reading, count, RANGE_BOUND_MAX);
  const ends = byteStrings(reading, count, RANGE_BOUND_MAX);
  const at = timestamps(reading, count, times);
  reading.end('R26', 'the range deletes');
  const ranges = starts.map((start, i) => ({ start, end: ends[i]!, timestamp: at[i]! }));
  for (const [i, range] of ranges.entries()) {
    demand(compare(range.start, range.end) < 0, 'R26', 'an empty range');
    const before = ranges[i - 1];
    if (before === undefined) continue;
    const order =
      compare(before.start, range.start) ||
      range.timestamp - before.timestamp ||
      compare(before.end, range.end);
    demand(order <= 0, 'R26', 'ranges out of order');
  }
  return ranges;
}
