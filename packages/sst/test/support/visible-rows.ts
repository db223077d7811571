/** What a file shows at a time, from its rows in memory: the plain reading of the rules. */
import { compareBytes } from '@clortho/base';
import { DELETE, NEVER, type RangeDelete, type Row } from '../../src/row.ts';

/** Returns the row of each key that is visible at `asOf` if the file were all there is, in order of keys. */
export function visibleRows(rows: readonly Row[], ranges: readonly RangeDelete[], asOf: number): Row[] {
  const newest = new Map<string, Row>();
  for (const row of rows) {
    const name = Buffer.from(row.key).toString('hex');
    if (row.timestamp <= asOf && !newest.has(name)) newest.set(name, row);
  }
  return [...newest.values()].filter(({ key, timestamp, endTimestamp = NEVER, kind }) => {
    const covered = ranges.some(
      (range) =>
        range.timestamp > timestamp &&
        range.timestamp <= asOf &&
        compareBytes(range.start, key) <= 0 &&
        compareBytes(key, range.end) < 0,
    );
    return kind !== DELETE && !covered && (endTimestamp > asOf || endTimestamp === NEVER);
  });
}
