/** A whole file in memory from sorted rows, for callers that do not stream. */
import { concatBytes } from '@clortho/base';
import type { RangeDelete, Row } from '../row.ts';
import type { SstSummary } from '../summary.ts';
import { SstWriter } from './sst-writer.ts';
import type { SstWriterOptions } from './writer-options.ts';

/** The options of {@link encodeSst}. */
export interface EncodeSstOptions extends SstWriterOptions {
  /** In any order. */
  readonly rangeDeletes?: Iterable<RangeDelete> | undefined;
}

/**
 * Returns the file of `rows`, which are sorted by key ascending and timestamp descending, and its facts.
 *
 * @throws {ClorthoError} as {@link SstWriter.append} and {@link SstWriter.addRangeDelete} do.
 */
export function encodeSst(
  rows: Iterable<Row>,
  options: EncodeSstOptions = {},
): { bytes: Uint8Array; summary: SstSummary } {
  const writer = new SstWriter(options);
  for (const row of rows) writer.appendRow(row);
  for (const range of options.rangeDeletes ?? []) writer.addRangeDelete(range);
  const summary = writer.finish();
  return { bytes: concatBytes(writer.take()), summary };
}
