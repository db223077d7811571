/**
 * The least and greatest number of a column: 16 bytes, two doubles, little endian.
 */
import { EMPTY_BYTES } from '@clortho/base';
import type { CollectorDefinition } from './collector.ts';
import { type Column, numberReader } from './column.ts';

/** The range of a column over the rows that have it. */
export interface MinMax {
  readonly min: number;
  readonly max: number;
}

/**
 * Returns a collector of the least and greatest number of a column; NaN is left out.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the column is not one.
 */
export function minMax(name: string, column: Column): CollectorDefinition<MinMax> {
  const read = numberReader(column);
  return {
    name,
    version: 1,
    create() {
      let block = nothing();
      const file = nothing();
      return {
        add(row) {
          const value = read(row);
          if (value === undefined || Number.isNaN(value)) return;
          if (value < block.min) block.min = value;
          if (value > block.max) block.max = value;
        },
        finishBlock() {
          const bytes = encode(block);
          file.min = Math.min(file.min, block.min);
          file.max = Math.max(file.max, block.max);
          block = nothing();
          return bytes;
        },
        finishFile: () => encode(file),
      };
    },
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return { min: view.getFloat64(0, true), max: view.getFloat64(8, true) };
    },
  };
}

function nothing(): { min: number; max: number } {
  return { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
}

function encode({ min, max }: MinMax): Uint8Array {
  if (min > max) return EMPTY_BYTES;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, min, true);
  view.setFloat64(8, max, true);
  return bytes;
}
