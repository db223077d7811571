/**
 * How many rows have each value of a column, for columns with few values.
 *
 *     for every value in byte order:  varint length, bytes, varint rows
 *
 * Invariants:
 * - A block or file with more than `valuesMax` distinct values says nothing.
 */
import { copyBytes, decodeVarint, EMPTY_BYTES } from '@clortho/base';
import { ByteSink } from '../sink.ts';
import type { CollectorDefinition } from './collector.ts';
import { type BytesColumn, bytesReader, elementText } from './column.ts';

/** How many values are told apart. */
export interface CountByOptions {
  /** Default 32. */
  readonly valuesMax?: number | undefined;
}

/** Rows per value. */
export interface Counts {
  /** Returns how many rows have this value: 0 if none. Strings count as their UTF-8. */
  rows(value: Uint8Array | string): number;
  /** All values, one character per byte, with their rows. */
  readonly entries: readonly (readonly [value: string, rows: number])[];
}

/**
 * Returns a collector that counts rows by the value of a column.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the column is not one.
 */
export function countBy(
  name: string,
  column: BytesColumn,
  { valuesMax = 32 }: CountByOptions = {},
): CollectorDefinition<Counts> {
  const read = bytesReader(column);
  return {
    name,
    version: 1,
    create() {
      const block = new Map<string, number>();
      const file = new Map<string, number>();
      const count = (counts: Map<string, number>, value: string): void => {
        const rows = counts.get(value);
        // One more than the bound tells that it was exceeded.
        if (rows !== undefined || counts.size <= valuesMax) counts.set(value, (rows ?? 0) + 1);
      };
      return {
        add(row) {
          const value = read(row);
          if (value === undefined) return;
          count(block, value);
          count(file, value);
        },
        finishBlock() {
          const bytes = encode(block, valuesMax);
          block.clear();
          return bytes;
        },
        finishFile: () => encode(file, valuesMax),
      };
    },
    decode(bytes) {
      const entries = decodeEntries(bytes);
      const counts = new Map(entries);
      return { entries, rows: (value) => counts.get(elementText(value)) ?? 0 };
    },
  };
}

function encode(counts: ReadonlyMap<string, number>, valuesMax: number): Uint8Array {
  if (counts.size === 0 || counts.size > valuesMax) return EMPTY_BYTES;
  const sink = new ByteSink();
  // Texts of one character per byte sort as their bytes do.
  for (const [value, rows] of [...counts].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const bytes = Buffer.from(value, 'latin1');
    sink.varint(bytes.length);
    sink.copy(bytes, 0, bytes.length);
    sink.varint(rows);
  }
  return copyBytes(sink.view());
}

function decodeEntries(bytes: Uint8Array): [string, number][] {
  const entries: [string, number][] = [];
  const source = { bytes, offset: 0 };
  while (source.offset < bytes.length) {
    const length = decodeVarint(source);
    if (length > bytes.length - source.offset) throw new RangeError('value ends early');
    const value = elementText(bytes.subarray(source.offset, source.offset + length));
    source.offset += length;
    entries.push([value, decodeVarint(source)]);
  }
  return entries;
}
