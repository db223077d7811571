/** The times of one read on one shard. */
import type { FileEntry } from '@clortho/manifest';

/**
 * When a read happens.
 *
 * Invariants:
 * - `asOf` is settled on the shard: no later commit lands at or below it, so the answer never changes.
 */
export interface ReadTime {
  /** Versions up to this timestamp are visible. */
  readonly asOf: number;
  /** Rows whose lifetime ended at or before this moment are invisible; at least `asOf`. */
  readonly expiryAt: number;
  /** Nothing was committed above `asOf`: superseded versions cannot be visible. */
  readonly latest: boolean;
}

/** Tells whether every row of the file had ended by `asOf`. */
export function isSuperseded(file: FileEntry, asOf: number): boolean {
  return file.tier === 'history' && file.maxEndTimestamp <= asOf;
}
