/** The options of a cursor over one file. */
import type { WorkMemory } from '../block/work-memory.ts';
import type { MayMatch } from '../collector/collector.ts';

/** How a cursor reads, and what it shows. */
export interface SstCursorOptions {
  /** Blocks whose statistics it refuses are passed over as if they were empty: the caller knows what that hides. */
  readonly mayMatch?: MayMatch | undefined;
  /**
   * Forward moves that miss the cache read about this many bytes of consecutive blocks at once and leave the cache as it
   * is: for scans and merges of whole files. Default 0: through the cache, one block per read, or as `readAheadBytesMax` of
   * the open file says.
   */
  readonly readAheadBytes?: number | undefined;
  /** Shows no row of a lower key, and reads no block that can hold only such rows. Borrowed; must not change. */
  readonly lower?: Uint8Array | undefined;
  /** Shows no row of this or a higher key, and reads no block that can hold only such rows. Borrowed; must not change. */
  readonly upper?: Uint8Array | undefined;
  /**
   * Shows only versions that began at or before this timestamp and had not ended by then, and passes over blocks that have
   * none. Older versions of a key that have no end are shown as well: the first one of a key is the one visible.
   */
  readonly asOf?: number | undefined;
  /**
   * Decodes into this memory and leaves the cache alone: for a merge whose writers have the same, which copies faster.
   * Only with `readAheadBytes`, or where all bytes are in memory.
   */
  readonly memory?: WorkMemory | undefined;
}
