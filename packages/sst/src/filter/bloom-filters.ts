/**
 * Bloom filters of the `bloom-filters` library, stored as the JSON text that the library itself imports.
 *
 * An element is the hash of the key as 16 hexadecimal digits, high half first. A probe costs about 15 µs, two hundred
 * times the default family: this one is for exchange with tools that speak the library's format.
 *
 * Invariants:
 * - What the library would loop or allocate by is checked before the library sees it.
 */
import { ClorthoError } from '@clortho/base';
import { bloomFiltersLibrary } from '../bloom-filters-library.ts';
import { corruptSection, type Section } from '../section.ts';
import type { Filter, FilterFamily } from './filter.ts';
import type { HashPairs } from './key-hashes.ts';

/** The id of the family in a file. */
export const BLOOM_FILTERS_ID = 2;

const ERROR_RATE = 0.01;

/** Returns the family with the given false-positive rate. Throws `CLORTHO_INVALID` unless it is in (0, 1). */
export function bloomFiltersFamily(errorRate: number = ERROR_RATE): FilterFamily {
  if (!(errorRate > 0 && errorRate < 1)) {
    throw new ClorthoError('CLORTHO_INVALID', `error rate out of (0, 1): errorRate=${errorRate}`);
  }
  const bitsPerKey = -Math.log2(errorRate) / Math.LN2;
  return {
    name: 'bloom-filters',
    // Base 64 takes four bytes for three, and the record around it about a hundred.
    estimatedBytes: (keys) => 100 + (keys * bitsPerKey) / 6,
    encode: (sink, hashes) => {
      const text = bloomFiltersLibrary.encode(elements(hashes), errorRate);
      sink.byte(BLOOM_FILTERS_ID);
      sink.copy(text, 0, text.length);
    },
  };
}

/** Decodes a filter. */
export function decodeBloomFilters(section: Section): Filter {
  const bytes = section.bytes.subarray(section.offset);
  const filter = bloomFiltersLibrary.decode(bytes);
  if (filter === undefined) throw corruptSection(section, 'filter is not a Bloom filter of the library');
  return { mayContain: (low, high) => filter.has(element(low, high)), weight: bytes.length };
}

function elements({ count, halves }: HashPairs): string[] {
  const list: string[] = [];
  for (let index = 0; index < count; index += 1) {
    list.push(element(halves[index * 2] as number, halves[index * 2 + 1] as number));
  }
  return list;
}

function element(low: number, high: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
