/**
 * Filters: a small structure that says of most absent keys that they are absent.
 *
 *     +--------+---------------------+
 *     | family | bytes of the family |
 *     | u8     |                     |
 *     +--------+---------------------+
 *
 * A filter is asked for the 64-bit hash of the user key (`hashBytes` of `@clortho/base`), without timestamp: one
 * hash serves the filters of all files that a read visits.
 *
 * Invariants:
 * - A filter never denies a key that was added.
 * - Ids of families are part of the format and never change their meaning.
 */
import type { Section } from '../section.ts';
import type { ByteSink } from '../sink.ts';
import type { HashPairs } from './key-hashes.ts';

/** Answers for the keys of one file. */
export interface Filter {
  /** Tells whether a key with this hash may be in the file. */
  mayContain(low: number, high: number): boolean;
  /** The memory that the filter holds, in bytes. */
  readonly weight: number;
}

/** What a writer builds: a family and its parameters. */
export type FilterOptions =
  | {
      readonly family: 'split-block-bloom';
      /** Default 12: about 0.6 % false positives. */
      readonly bitsPerKey?: number | undefined;
    }
  | {
      /** Bloom filters of the `bloom-filters` library, in its own JSON: for tools that read those. Slow. */
      readonly family: 'bloom-filters';
      /** Default 0.01. */
      readonly errorRate?: number | undefined;
    }
  | {
      /** 0.4 % false positives in about 9.2 bits per key of a large file, for several times the time to build. */
      readonly family: 'binary-fuse';
    }
  | { readonly family: 'none' };

/** One way to build and read filters. */
export interface FilterFamily {
  readonly name: FilterOptions['family'];
  /** Appends the filter over the hashes of all distinct keys, beginning with the id of the family that it is of. */
  encode(sink: ByteSink, hashes: HashPairs): void;
  /** Returns roughly how many bytes {@link FilterFamily.encode} would append. */
  estimatedBytes(keys: number): number;
}

/** Turns the bytes of a family into a filter. Throws `CLORTHO_CORRUPT`. */
export type DecodeFilter = (section: Section) => Filter;
