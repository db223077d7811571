/** From records to rows: which column is the key, and what becomes the value. */
import { ClorthoError } from '@clortho/base';
import type { SourceRecord } from './read-records.ts';

/** A key and a value. */
export interface LoadedRow {
  readonly key: string;
  readonly value: string;
}

/** Returns the row of a record: the column `valueColumn`, or without one the whole record as JSON. */
export function rowOf(record: SourceRecord, keyColumn: string, valueColumn: string | undefined): LoadedRow {
  return {
    key: textOf(record, keyColumn),
    value: valueColumn === undefined ? JSON.stringify(record.fields) : textOf(record, valueColumn),
  };
}

function textOf({ line, fields }: SourceRecord, column: string): string {
  const value = Object.hasOwn(fields, column) ? fields[column] : undefined;
  if (value === undefined) {
    const columns = Object.keys(fields).join(', ');
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `the record has no such column: column=${column} line=${line} has=${columns}`,
    );
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
