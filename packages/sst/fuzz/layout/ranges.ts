/** Range deletes as fields. */
import { keyFields, readKeys, readStrings, stringFields } from './columns.ts';
import type { Field } from './field.ts';
import { FieldReader } from './field-reader.ts';

/** One range delete, whatever its bounds. */
export interface LooseRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly timestamp: number;
}

/** Returns the fields of range deletes. */
export function rangeFields(ranges: readonly LooseRange[]): Field[] {
  return [
    { kind: 'varint', name: 'ranges', value: ranges.length },
    ...keyFields(ranges.map(({ start }) => start)),
    ...stringFields(
      'range ends',
      ranges.map(({ end }) => end),
    ),
    { kind: 'integers', name: 'timestamps', values: ranges.map(({ timestamp }) => timestamp) },
  ];
}

/** Takes range deletes apart. */
export function readRanges(raw: Uint8Array): LooseRange[] {
  const reader = new FieldReader(raw);
  const count = reader.varint('ranges');
  const starts = readKeys(reader, count);
  const ends = readStrings(reader, 'range ends', count);
  const timestamps = reader.integers('timestamps', count);
  return starts.map((start, index) => ({
    start,
    end: ends[index] as Uint8Array,
    timestamp: timestamps[index] as number,
  }));
}
