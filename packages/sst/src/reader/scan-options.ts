/** The options of a scan. */
import type { KeyBounds } from '@clortho/base';
import type { MayMatch } from '../collector/collector.ts';

/** Which rows to read; all optional. Ranges are of keys, closed or open as named; `prefix` intersects. */
export interface SstScanOptions extends KeyBounds {
  /** Highest key first. */
  readonly reverse?: boolean | undefined;
  /** The most rows. */
  readonly limit?: number | undefined;
  /** The time to read at; default: latest. */
  readonly asOf?: number | undefined;
  /** Blocks whose statistics it refuses are passed over; see the cursor's option of that name. */
  readonly mayMatch?: MayMatch | undefined;
  /** How many bytes of blocks to read at once, forwards. Default 256 KiB; 0 reads single blocks through the cache. */
  readonly readAheadBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
