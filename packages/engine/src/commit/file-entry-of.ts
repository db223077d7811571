/** From the summary of a finished SST to the entry that places it in a manifest. */
import { type FileEntry, lowerBound, manifestStatistics, upperBound } from '@clortho/manifest';
import type { SstSummary } from '@clortho/sst';

/** Returns the entry of a file; `place` says what the file itself does not know. */
export function fileEntryOf(
  summary: SstSummary,
  place: Pick<FileEntry, 'id' | 'family' | 'tier' | 'level' | 'run' | 'uniform'>,
): FileEntry {
  return {
    ...place,
    bytes: summary.bytes,
    tailBytes: summary.tailBytes,
    blocks: summary.blocks,
    rows: summary.rows,
    deletes: summary.deletes,
    merges: summary.merges,
    rangeDeletes: summary.rangeDeletes,
    lower: lowerBound(summary.minKey),
    upper: upperBound(summary.maxKey),
    minTimestamp: place.uniform ? place.run : summary.minTimestamp,
    maxTimestamp: place.uniform ? place.run : summary.maxTimestamp,
    minEndTimestamp: summary.minEndTimestamp,
    maxEndTimestamp: summary.maxEndTimestamp,
    statistics: manifestStatistics(summary.statistics),
  };
}
