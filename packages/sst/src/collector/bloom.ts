/**
 * Which values a column has, as Bloom filters of the `bloom-filters` library.
 *
 * Invariants:
 * - A block or file with more than `valuesMax` distinct values says nothing rather than growing without bound.
 */
import { EMPTY_BYTES } from '@clortho/base';
import { bloomFiltersLibrary } from '../bloom-filters-library.ts';
import type { CollectorDefinition } from './collector.ts';
import { type BytesColumn, bytesReader, elementText } from './column.ts';

/** How large and how exact the filters are. */
export interface BloomOptions {
  /** The rate of false positives, in (0, 1). Default 0.01. */
  readonly errorRate?: number | undefined;
  /** Above this many distinct values, the block or the file has no filter. Default 4,096. */
  readonly valuesMax?: number | undefined;
}

/** Tells which values a block or file may have. */
export interface ValueSet {
  /** `false` means that no row has this value in the column. Strings count as their UTF-8. */
  mayContain(value: Uint8Array | string): boolean;
}

/**
 * Returns a collector of the values of a column. Costs about 20 µs per distinct value and block.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the column is not one.
 */
export function bloom(
  name: string,
  column: BytesColumn,
  options: BloomOptions = {},
): CollectorDefinition<ValueSet> {
  const { errorRate = 0.01, valuesMax = 4096 } = options;
  const read = bytesReader(column);
  const encode = (values: ReadonlySet<string>): Uint8Array =>
    values.size === 0 || values.size > valuesMax
      ? EMPTY_BYTES
      : bloomFiltersLibrary.encode([...values], errorRate);
  return {
    name,
    version: 1,
    create() {
      const block = new Set<string>();
      const file = new Set<string>();
      return {
        add(row) {
          const value = read(row);
          if (value === undefined) return;
          // One more than the bound tells that it was exceeded.
          if (block.size <= valuesMax) block.add(value);
          if (file.size <= valuesMax) file.add(value);
        },
        finishBlock() {
          const bytes = encode(block);
          block.clear();
          return bytes;
        },
        finishFile: () => encode(file),
      };
    },
    decode(bytes) {
      const filter = bloomFiltersLibrary.decode(bytes);
      if (filter === undefined) throw new TypeError('not a Bloom filter of the library');
      return { mayContain: (value) => filter.has(elementText(value)) };
    },
  };
}
