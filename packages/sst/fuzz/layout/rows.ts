/** Data blocks as fields, and as rows. */
import { concatBytes } from '@clortho/base';
import { keyFields, readKeys } from './columns.ts';
import type { Field } from './field.ts';
import { FieldReader } from './field-reader.ts';

/** One row, whatever its numbers. */
export interface LooseRow {
  readonly key: Uint8Array;
  readonly timestamp: number;
  readonly end: number;
  readonly kind: number;
  readonly value: Uint8Array;
}

/** Returns the fields of a block with these rows. */
export function blockFields(rows: readonly LooseRow[]): Field[] {
  return [
    { kind: 'varint', name: 'rows', value: rows.length },
    { kind: 'integers', name: 'timestamps', values: rows.map(({ timestamp }) => timestamp) },
    { kind: 'integers', name: 'ends', values: rows.map(({ end }) => end) },
    { kind: 'integers', name: 'kinds', values: rows.map(({ kind }) => kind) },
    { kind: 'integers', name: 'value lengths', values: rows.map(({ value }) => value.length) },
    ...keyFields(rows.map(({ key }) => key)),
    { kind: 'bytes', name: 'values', bytes: concatBytes(rows.map(({ value }) => value)) },
  ];
}

/** Takes a data block apart. */
export function readBlock(raw: Uint8Array): { readonly fields: readonly Field[]; readonly rows: LooseRow[] } {
  const reader = new FieldReader(raw);
  const count = reader.varint('rows');
  const timestamps = reader.integers('timestamps', count);
  const ends = reader.integers('ends', count);
  const kinds = reader.integers('kinds', count);
  const lengths = reader.integers('value lengths', count);
  const keys = readKeys(reader, count);
  const values = reader.bytes('values');
  let at = 0;
  const rows = keys.map((key, row) => {
    at += lengths[row] as number;
    return {
      key,
      timestamp: timestamps[row] as number,
      end: ends[row] as number,
      kind: kinds[row] as number,
      value: values.subarray(at - (lengths[row] as number), at),
    };
  });
  return { fields: reader.fields, rows };
}
