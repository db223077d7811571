/**
 * What Clortho must hold, as a table: one entry per promise.
 *
 * Invariants:
 * - A bar is never arranged to be met: it is what was promised, whether it holds or not.
 */
import { CLORTHO } from './peers.ts';

/** A promise about a workload. */
export interface Bar {
  readonly workload: string;
  /** Clortho's figure in units of this peer's, or of the best peer's; `undefined` if the figure stands alone. */
  readonly against?: string;
  /** The workload of the other side; the same by default. */
  readonly to?: string;
  /** What is judged; the figure of the workload by default. */
  readonly measure?: 'value' | 'rssMiB' | 'stallMs';
  readonly least?: number;
  readonly most?: number;
}

/** The best peer of a line. */
export const BEST = 'best peer';

const CACHE_MIB = 256 + 64;
const RSS_MIB_BESIDE_CACHE = 150;
const STALL_MS_MOST = 10;
const READS = ['get', 'get-sync', 'missing', 'missing-sync', 'get-many', 'scan', 'scan-50'];
const COMMITS = ['durable-8', 'durable-1'];

/** All promises. */
export const BARS: readonly Bar[] = [
  { workload: 'durable-8', against: BEST, least: 1.5 },
  { workload: 'durable-8', against: 'slatedb', least: 8 },
  { workload: 'durable-1', against: BEST, least: 1 },
  { workload: 'fillrandom', against: 'classic-level', least: 1 },
  { workload: 'get', against: 'lmdb', least: 1.4 },
  { workload: 'get', against: 'slatedb', least: 25 },
  { workload: 'get-sync', against: 'lmdb', least: 1.5 },
  { workload: 'missing', against: 'lmdb', least: 1.5 },
  { workload: 'missing', against: 'classic-level', least: 1.5 },
  { workload: 'missing-sync', against: 'lmdb', least: 1.5 },
  { workload: 'missing-sync', against: 'classic-level', least: 1.5 },
  { workload: 'get-many', against: BEST, least: 2 },
  { workload: 'scan', against: 'lmdb', least: 1.5 },
  { workload: 'scan-chunks', against: 'memory-level', least: 2 },
  { workload: 'scan-50', against: 'lmdb', least: 3 },
  { workload: 'ycsb-a', against: BEST, least: 2 },
  { workload: 'ycsb-b', against: BEST, least: 2 },
  { workload: 'p99-beside', against: CLORTHO, to: 'p99-idle', most: 3 },
  { workload: 'reopen', most: 25 },
  { workload: 'write-amplification', against: 'classic-level', most: 1 },
  { workload: 'space', against: 'classic-level', most: 1.2 },
  { workload: 'as-of', against: CLORTHO, to: 'latest', least: 0.7 },
  { workload: 'cloud-get', most: 1.05 },
  { workload: 'cloud-scan', most: 1.3 },
  { workload: 'cloud-zipf', against: 'slatedb', most: 0.33 },
  ...READS.map((workload): Bar => ({ workload, measure: 'rssMiB', most: CACHE_MIB + RSS_MIB_BESIDE_CACHE })),
  ...[...READS, ...COMMITS].map((workload): Bar => ({ workload, measure: 'stallMs', most: STALL_MS_MOST })),
];
