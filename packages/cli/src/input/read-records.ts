/**
 * Records of a CSV or NDJSON stream, one by one, without holding the file.
 *
 * Invariants:
 * - A record has strings (CSV) or any JSON values (NDJSON) by column name.
 * - What cannot be read is `CLORTHO_INVALID` and names the line.
 */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ClorthoError } from '@clortho/base';
import { CsvError, parse } from 'csv-parse';

/** The formats that are read. */
export type RecordFormat = 'csv' | 'ndjson';

/** A record and where it began. */
export interface SourceRecord {
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Yields the records of `source`. `delimiter` separates the columns of CSV. */
export function readRecords(
  source: Readable,
  format: RecordFormat,
  delimiter: string,
): AsyncGenerator<SourceRecord> {
  return format === 'csv' ? readCsv(source, delimiter) : readNdjson(source);
}

async function* readCsv(source: Readable, delimiter: string): AsyncGenerator<SourceRecord> {
  const parser = parse({ columns: true, bom: true, info: true, skip_empty_lines: true, delimiter });
  source.on('error', (error) => parser.destroy(error));
  try {
    for await (const { info, record } of source.pipe(parser) as AsyncIterable<CsvRow>) {
      yield { line: info.lines, fields: record };
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const [problem = ''] = cause.message.split('\n');
    throw new ClorthoError('CLORTHO_INVALID', `not CSV: ${problem}`, { cause });
  }
}

interface CsvRow {
  readonly info: { readonly lines: number };
  readonly record: Readonly<Record<string, unknown>>;
}

async function* readNdjson(source: Readable): AsyncGenerator<SourceRecord> {
  let line = 0;
  for await (const text of createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() !== '') yield { line, fields: parseObject(text, line) };
  }
}

function parseObject(text: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ClorthoError('CLORTHO_INVALID', `not JSON: line=${line}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new ClorthoError('CLORTHO_INVALID', `not an object: line=${line}`);
}
