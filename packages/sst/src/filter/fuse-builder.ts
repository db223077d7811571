/**
 * Building binary fuse filters (Graf, Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters", 2022): which
 * sizes, which seeds, and how often.
 *
 * Keys are spread over a chain of segments whose ends are sparse, so that peeling (`fuse-solver.ts`) works inwards from
 * there and succeeds with 1.125 slots per key. It fails where two keys share all three slots or a region is too dense:
 * another seed, and one segment more each time, resolve both. Equal hashes no seed can separate, so these are dropped.
 *
 * Invariants:
 * - The same hashes in the same order give the same filter: seeds count up from 0, and sizes are computed from
 *   products alone, which every machine rounds alike (not so a logarithm).
 */
import { distinctHashes } from './distinct-hashes.ts';
import {
  FUSE_SEGMENT_BITS_MAX,
  FUSE_SEGMENT_BITS_MIN,
  FUSE_SEGMENTS_MIN,
  type FuseShape,
  isFuseShape,
} from './fuse-placement.ts';
import { solveFuse } from './fuse-solver.ts';
import type { HashPairs } from './key-hashes.ts';

/** A filter as it is stored. */
export interface Fuse {
  readonly seed: number;
  readonly shape: FuseShape;
  /** One byte per slot. */
  readonly fingerprints: Uint8Array;
}

/** One attempt fails for a few percent of all sets at most. */
const ATTEMPTS_MAX = 8;

/**
 * From this many keys on, segments are longer than the shortest. The thresholds of the paper are lower by
 * a quarter; just above some of them most attempts fail, as there are too few segments of that length.
 */
const LONGER_SEGMENTS_KEYS = 11;
/** Times as many keys have segments twice as long; the paper's. */
const LONGER_SEGMENTS_GROWTH = 3.33;

/**
 * Builds the filter over hashes, which may repeat; `undefined` if every attempt failed or there are more keys than the
 * largest filter has slots for.
 */
export function buildFuse(hashes: HashPairs, attemptsMax: number = ATTEMPTS_MAX): Fuse | undefined {
  let distinct = hashes;
  for (let seed = 0; seed < attemptsMax; seed += 1) {
    const { segmentBits, segments } = fuseShape(distinct.count);
    const shape = { segmentBits, segments: segments + seed };
    if (!isFuseShape(shape)) return undefined;
    const fingerprints = solveFuse(distinct, shape, seed);
    if (fingerprints !== undefined) return { seed, shape, fingerprints };
    // Equal hashes are too rare to look for them in sets that give no reason to.
    if (seed === 0) distinct = distinctHashes(hashes);
  }
  return undefined;
}

/** Returns the shape to try first: 1.125 slots per key, and one segment, and two for the ends. */
export function fuseShape(keys: number): FuseShape {
  let segmentBits = FUSE_SEGMENT_BITS_MIN;
  let reach = LONGER_SEGMENTS_KEYS;
  for (; reach <= keys && segmentBits < FUSE_SEGMENT_BITS_MAX; reach *= LONGER_SEGMENTS_GROWTH)
    segmentBits += 1;
  return { segmentBits, segments: Math.ceil((keys * 9) / (8 * 2 ** segmentBits)) + FUSE_SEGMENTS_MIN };
}
