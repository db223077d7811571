/** A whole file in memory from rows in any order: a batch of writes becomes an SST. */
import { compareBytes, concatBytes } from '@clortho/base';
import type { Row } from '../row.ts';
import { sortKeys } from '../sort/sort-keys.ts';
import type { SstSummary } from '../summary.ts';
import type { EncodeSstOptions } from './encode-sst.ts';
import { SstWriter } from './sst-writer.ts';

/**
 * Sorts rows and returns their file and its facts. Of rows with the same key and timestamp the last one stays; in a file
 * without timestamps, of rows with the same key.
 *
 * @throws {ClorthoError} as {@link SstWriter.append} and {@link SstWriter.addRangeDelete} do.
 */
export function encodeBatch(
  rows: readonly Row[],
  options: EncodeSstOptions = {},
): { bytes: Uint8Array; summary: SstSummary } {
  const writer = new SstWriter(options);
  const order = sortKeys(rows.map((row) => row.key));
  const timeOf = (row: Row): number => (options.timestamps === 'absent' ? 0 : row.timestamp);
  for (let start = 0; start < order.length; ) {
    const first = rows[order[start] as number] as Row;
    let end = start + 1;
    while (end < order.length && compareBytes((rows[order[end] as number] as Row).key, first.key) === 0)
      end += 1;
    if (end === start + 1) {
      writer.appendRow(first);
    } else {
      const versions = Array.from(order.subarray(start, end), (place) => rows[place] as Row);
      // Stable, so that the last of one timestamp comes last.
      versions.sort((left, right) => timeOf(right) - timeOf(left));
      versions.forEach((row, at) => {
        const next = versions[at + 1];
        if (next === undefined || timeOf(next) !== timeOf(row)) writer.appendRow(row);
      });
    }
    start = end;
  }
  for (const range of options.rangeDeletes ?? []) writer.addRangeDelete(range);
  const summary = writer.finish();
  return { bytes: concatBytes(writer.take()), summary };
}
