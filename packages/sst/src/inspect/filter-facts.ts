/**
 * What is known of a filter without asking it: its family, its size, and how often it should err.
 *
 * The rates are those of the literature for hashes that are uniform; with the number of distinct keys that a file has they
 * say what to expect of its filter, and a measured rate far from that says that something is wrong with the hash.
 */

import { bloomFiltersLibrary } from '../bloom-filters-library.ts';
import { BINARY_FUSE_ID } from '../filter/binary-fuse.ts';
import { BLOOM_FILTERS_ID } from '../filter/bloom-filters.ts';
import type { FilterOptions } from '../filter/filter.ts';
import { SPLIT_BLOCK_BLOOM_ID } from '../filter/split-block-bloom.ts';
import type { Section } from '../section.ts';

/** A filter of a file. */
export interface FilterFacts {
  readonly family: Exclude<FilterOptions['family'], 'none'>;
  /** The bits that keys share; without headers and the text around them. */
  readonly bits: number;
  /** Returns the share of absent keys, 0 to 1, that should pass if this many distinct keys were added. */
  falsePositiveRate(keys: number): number;
}

const LINE_BITS = 256;
const LINE_WORDS = 8;
const WORD_BITS = 32;
const FUSE_HEADER_BYTES = 9;
const SLOT_BITS = 8;

/** Returns the facts of a raw filter section; `undefined` if this build does not know the family. */
export function filterFacts({ bytes }: Section): FilterFacts | undefined {
  const [family = 0] = bytes;
  const payload = bytes.subarray(1);
  switch (family) {
    case SPLIT_BLOCK_BLOOM_ID: {
      const bits = payload.length * 8;
      return {
        family: 'split-block-bloom',
        bits,
        falsePositiveRate: (keys) => splitBlockRate((keys * LINE_BITS) / bits),
      };
    }
    case BLOOM_FILTERS_ID: {
      const shape = bloomFiltersLibrary.shape(payload);
      if (shape === undefined) return undefined;
      const { bits, hashes } = shape;
      return {
        family: 'bloom-filters',
        bits,
        falsePositiveRate: (keys) => (1 - Math.exp((-hashes * keys) / bits)) ** hashes,
      };
    }
    case BINARY_FUSE_ID:
      return {
        family: 'binary-fuse',
        bits: (payload.length - FUSE_HEADER_BYTES) * SLOT_BITS,
        falsePositiveRate: () => 2 ** -SLOT_BITS,
      };
    default:
      return undefined;
  }
}

/**
 * The rate of a split-block filter with `load` keys per line on average: the keys of a line are Poisson distributed, and
 * each sets one bit in each of its words (Putze, Sanders, Singler, 2007, section 3.1).
 */
function splitBlockRate(load: number): number {
  let rate = 0;
  let logFactorial = 0;
  const keysMax = Math.ceil(load + 12 * Math.sqrt(load) + 24);
  for (let keys = 1; keys <= keysMax; keys += 1) {
    logFactorial += Math.log(keys);
    const probability = Math.exp(keys * Math.log(load) - load - logFactorial);
    rate += probability * (1 - (1 - 1 / WORD_BITS) ** keys) ** LINE_WORDS;
  }
  return rate;
}
