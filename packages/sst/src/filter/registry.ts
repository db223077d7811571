/** The filter families of this build, by the options of a writer and by id. */
import { ClorthoError } from '@clortho/base';
import { type Section, takeBytes } from '../section.ts';
import { BINARY_FUSE_ID, binaryFuseFamily, decodeBinaryFuse } from './binary-fuse.ts';
import { BLOOM_FILTERS_ID, bloomFiltersFamily, decodeBloomFilters } from './bloom-filters.ts';
import type { DecodeFilter, Filter, FilterFamily, FilterOptions } from './filter.ts';
import { decodeSplitBlockBloom, SPLIT_BLOCK_BLOOM_ID, splitBlockBloomFamily } from './split-block-bloom.ts';

/** What a file without a filter says: every key may be there. */
export const noFilter: Filter = { mayContain: () => true, weight: 0 };

const decoders: Readonly<Record<number, DecodeFilter>> = {
  [SPLIT_BLOCK_BLOOM_ID]: decodeSplitBlockBloom,
  [BLOOM_FILTERS_ID]: decodeBloomFilters,
  [BINARY_FUSE_ID]: decodeBinaryFuse,
};

/** Returns the family that a writer asked for; `undefined` for none. Throws `CLORTHO_INVALID` on bad parameters. */
export function filterFamily(options: FilterOptions): FilterFamily | undefined {
  switch (options.family) {
    case 'none':
      return undefined;
    case 'split-block-bloom':
      return splitBlockBloomFamily(options.bitsPerKey);
    case 'bloom-filters':
      return bloomFiltersFamily(options.errorRate);
    case 'binary-fuse':
      return binaryFuseFamily();
    default:
      throw new ClorthoError('CLORTHO_INVALID', `unknown filter family: family=${familyOf(options)}`);
  }
}

/**
 * Decodes the filter section.
 *
 * @throws {ClorthoError} `CLORTHO_UNSUPPORTED` if the family is unknown, `CLORTHO_CORRUPT` if its bytes are damaged.
 */
export function decodeFilter(section: Section): Filter {
  const id = section.bytes[takeBytes(section, 1)] as number;
  const decode = decoders[id];
  if (decode === undefined) {
    throw new ClorthoError('CLORTHO_UNSUPPORTED', `unknown filter family: id=${id} file=${section.name}`);
  }
  return decode(section);
}

function familyOf({ family }: { readonly family: string }): string {
  return family;
}
