/**
 * The range deletes of a file, sorted by start: a section of columns.
 *
 *     count varint, starts (key column), ends (byte strings), timestamps (integers)
 *
 * Invariants:
 * - Sorted by start, then timestamp descending, then end; every start is below its end.
 */
import { compareBytes } from '@clortho/base';
import { byteStringAt, decodeByteStrings, encodeByteStrings } from '../column/byte-strings.ts';
import { encodeIntegers, integerAt } from '../column/integers.ts';
import { encodeKeyList } from '../column/key-list.ts';
import { decodeKeys, keyStartAt } from '../column/keys.ts';
import { decodeTimestamps } from '../column/timestamps.ts';
import { BOUND_BYTES_MAX, RANGE_DELETES_MAX } from '../limits.ts';
import type { RangeDelete } from '../row.ts';
import { corruptSection, endSection, type Section, takeVarint } from '../section.ts';
import type { ByteSink } from '../sink.ts';

/** Encodes range deletes that are sorted by {@link compareRangeDeletes}. */
export function encodeRangeDeletes(sink: ByteSink, ranges: readonly RangeDelete[]): void {
  sink.varint(ranges.length);
  encodeKeyList(
    sink,
    ranges.map((range) => range.start),
  );
  encodeByteStrings(
    sink,
    ranges.map((range) => range.end),
  );
  encodeIntegers(
    sink,
    Float64Array.from(ranges, (range) => range.timestamp),
    ranges.length,
  );
}

/**
 * Decodes range deletes; with `timestamp`, all have that one (the file stores none).
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeRangeDeletes(section: Section, timestamp: number | undefined): RangeDelete[] {
  // An end is longer than nothing, so each range takes a byte at least.
  const count = takeVarint(section, Math.min(RANGE_DELETES_MAX, section.bytes.length));
  const starts = decodeKeys(section, count, BOUND_BYTES_MAX);
  const ends = decodeByteStrings(section, count, BOUND_BYTES_MAX);
  const timestamps = decodeTimestamps(section, count, timestamp);
  endSection(section);
  const ranges: RangeDelete[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = starts.keyBytes.subarray(keyStartAt(starts, index), keyStartAt(starts, index + 1));
    const end = byteStringAt(ends, index);
    if (compareBytes(start, end) >= 0) throw corruptSection(section, 'range delete is empty');
    const range = { start, end, timestamp: integerAt(timestamps, index) };
    const before = ranges[index - 1];
    if (before !== undefined && compareRangeDeletes(before, range) > 0) {
      throw corruptSection(section, `range delete ${index} out of order`);
    }
    ranges.push(range);
  }
  return ranges;
}

/** The order of range deletes in a file. */
export function compareRangeDeletes(left: RangeDelete, right: RangeDelete): number {
  const order = compareBytes(left.start, right.start);
  if (order !== 0) return order;
  if (left.timestamp !== right.timestamp) return right.timestamp - left.timestamp;
  return compareBytes(left.end, right.end);
}
