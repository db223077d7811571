/**
 * Swollen files: parts whose counts are as large as their bytes allow, so that what is allocated for them is measured.
 */
import type { BaseFile } from '../corpus/base-file.ts';
import type { Draw } from '../draw.ts';
import { ENTRY_COLUMNS, entryFields, TABLE_COLUMNS, tableFields } from '../layout/entries.ts';
import { type FileParts, type SettledFile, settle } from '../layout/file-parts.ts';
import { type Part, withFields } from '../layout/part.ts';
import { seal } from '../layout/seal.ts';
import { swellRows } from './edit-rows.ts';
import { withBlock } from './hostile.ts';

/** Around the bounds of arrays of 4 and 8 bytes per element, and of blocks, at 64 KiB. */
const COUNTS: readonly number[] = [
  1000, 8000, 8191, 8192, 10_000, 16_000, 16_382, 16_383, 16_384, 30_000, 60_000,
];

/** Returns a file with one swollen part. */
export function swollen(draw: Draw, { parts }: BaseFile): Uint8Array {
  return seal(swell(draw, parts)).bytes;
}

function swell(draw: Draw, file: FileParts): SettledFile {
  const count = draw.pick(COUNTS);
  const number = draw.below(file.partitions.length + 1);
  switch (draw.below(5)) {
    case 0:
      return settle(withBlock(draw, file, (block) => swellRows(block, count)));
    case 1:
      return settle(withBlock(draw, file, ({ part, entry }) => ({ part: padded(draw, part, count), entry })));
    case 2:
      return settle({ ...file, rangeDeletes: file.rangeDeletes && padded(draw, file.rangeDeletes, count) });
    case 3:
      return settle(file, (part, at) => (at === number ? padded(draw, part, count) : part));
    default: {
      const isTable = number === file.partitions.length && number > 0;
      return settle(file, (part, at) => (at === number ? entriesOf(draw, part, count, isTable) : part));
    }
  }
}

/** Returns the part with `count` for every count, and as many bytes behind it. */
function padded(draw: Draw, part: Part, count: number): Part {
  const fields = part.fields.map((field) => (field.kind === 'varint' ? { ...field, value: count } : field));
  const padding = new Uint8Array(count).fill(draw.below(2));
  return withFields(part, [...fields, { kind: 'bytes', name: 'padding', bytes: padding }]);
}

/** Returns an index, or a table, of `count` entries in order: by their keys, or as versions of one. */
function entriesOf(draw: Draw, part: Part, count: number, isTable: boolean): Part {
  const isByKey = draw.oneIn(2);
  const columns = isTable ? TABLE_COLUMNS : ENTRY_COLUMNS;
  const facts = columns.map(() => 6);
  const entries = Array.from({ length: count }, (_, index) => ({
    firstKey: isByKey ? Uint8Array.of(index >> 8, index) : new Uint8Array(0),
    facts: isByKey ? facts : [-index, ...facts.slice(1)],
    statistics: [],
  }));
  return withFields(part, isTable ? tableFields(entries) : entryFields(entries, 0));
}
