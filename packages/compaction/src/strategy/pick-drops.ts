/**
 * Files that may be removed without being read.
 *
 * - History: every row ended before the horizon and no pin falls between the first beginning and the last end.
 * - With a time to live, any tier: every row expired before the horizon, and no pin saw one of them. Older rows of
 *   the same keys have then expired as well, so nothing reappears when the file no longer masks them. What must not
 *   happen is that a newer merge operand was, or will be, applied to a row of the file: no file with operands may
 *   reach back to before the last expiry.
 */
import type { CompactionFile } from './compaction-file.ts';
import type { KvOptions } from './options.ts';
import type { CompactionState } from './plan.ts';
import { isReadable } from './readable.ts';
import { compareFiles, isBusy } from './runs.ts';

/** Returns the files of a kv family that no readable time needs, nor a history. */
export function pickDrops(
  state: CompactionState,
  { ttlMicros, versions }: Pick<KvOptions, 'ttlMicros' | 'versions'>,
): CompactionFile[] {
  // Which versions are the newest of their keys is known only when they are read.
  if (versions > 0) return [];
  return state.files
    .filter((file) => !isBusy(state, file) && !isNeeded(state, file, ttlMicros))
    .sort(compareFiles);
}

function isNeeded(state: CompactionState, file: CompactionFile, ttlMicros: number | undefined): boolean {
  const expiry = ttlMicros === undefined ? Number.POSITIVE_INFINITY : file.maxTimestamp + ttlMicros;
  if (file.tier === 'history')
    return isReadable(state, file.minTimestamp, Math.min(file.maxEndTimestamp, expiry));
  if (ttlMicros === undefined || isReadable(state, file.minTimestamp, expiry)) return true;
  return state.files.some(
    (other) =>
      other.id !== file.id &&
      other.merges > 0 &&
      other.maxTimestamp > file.minTimestamp &&
      other.minTimestamp < expiry,
  );
}
