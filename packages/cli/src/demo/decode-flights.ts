/**
 * From the parquet file to columns of numbers, one row group after the other.
 *
 * Integers of 64 bits arrive as BigInt; every one is checked to fit its column before it becomes a number.
 */
import { ClorthoError } from '@clortho/base';
import { asyncBufferFromFile, type ParquetParsers, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { FlightColumns } from './flight-columns.ts';

/** How many flights a file has, and all of them. */
export interface FlightFile {
  readonly rows: number;
  /** Yields the row groups in order. */
  groups(): AsyncGenerator<FlightColumns>;
}

/** Turns a value of one column of the file into the number that is kept of it. */
type Reading = (value: unknown, column: string) => number;

const MICROS_PER_MINUTE = 60_000_000;
const CODE = /^[A-Z0-9]{3}$/;

/** Dates stay the numbers that they are in the file: a `Date` for each of three million rows is slow. */
const parsers = { timestampFromMicroseconds: Number } as unknown as ParquetParsers;

/**
 * Opens the parquet file at `path`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it lacks one of the five columns, or a value does not fit.
 */
export async function openFlightFile(path: string): Promise<FlightFile> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const found = new Set(metadata.schema.map(({ name }) => name));
  for (const name of ['date', 'delay', 'distance', 'origin', 'destination']) {
    if (found.has(name)) continue;
    throw new ClorthoError('CLORTHO_INVALID', `not a file of flights: missing=${name} file=${path}`);
  }
  const numberOf = airportNumbers();
  return {
    rows: Number(metadata.num_rows),
    async *groups() {
      let rowStart = 0;
      for (const group of metadata.row_groups) {
        const rowEnd = rowStart + Number(group.num_rows);
        const columns = emptyColumns(rowEnd - rowStart);
        const readings: Readonly<Record<string, readonly [Uint32Array | Int16Array | Uint16Array, Reading]>> =
          {
            date: [columns.minutes, minuteOf],
            delay: [columns.delays, (value, column) => integer(value, column, -(2 ** 15), 2 ** 15)],
            distance: [columns.distances, (value, column) => integer(value, column, 0, 2 ** 16)],
            origin: [columns.origins, numberOf],
            destination: [columns.destinations, numberOf],
          };
        await parquetRead({
          file,
          metadata,
          compressors,
          parsers,
          columns: Object.keys(readings),
          rowStart,
          rowEnd,
          onChunk({ columnName, columnData, rowStart: firstRow }) {
            const [target, read] = readings[columnName] ?? [];
            if (target === undefined || read === undefined) return;
            const shift = firstRow - rowStart;
            for (let row = 0; row < columnData.length; row += 1)
              target[row + shift] = read(columnData[row], columnName);
          },
        });
        yield { ...columns, airports: numberOf.codes() };
        rowStart = rowEnd;
      }
    },
  };
}

function emptyColumns(rows: number): Omit<FlightColumns, 'airports'> {
  return {
    minutes: new Uint32Array(rows),
    delays: new Int16Array(rows),
    distances: new Uint16Array(rows),
    origins: new Uint16Array(rows),
    destinations: new Uint16Array(rows),
  };
}

/** Returns a reading that numbers airports in the order of their first appearance. */
function airportNumbers(): Reading & { codes(): string[] } {
  const numbers = new Map<unknown, number>();
  const read: Reading = (code, column) => {
    const known = numbers.get(code);
    if (known !== undefined) return known;
    if (typeof code !== 'string' || !CODE.test(code)) throw misfit(column, code);
    numbers.set(code, numbers.size);
    return numbers.size - 1;
  };
  return Object.assign(read, { codes: () => [...numbers.keys()] as string[] });
}

function minuteOf(value: unknown, column: string): number {
  return Math.floor(integer(value, column, 0, 2 ** 32 * MICROS_PER_MINUTE) / MICROS_PER_MINUTE);
}

/** Returns an integer in `[least, end)`. */
function integer(value: unknown, column: string, least: number, end: number): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number < end)
    return number;
  throw misfit(column, value);
}

function misfit(column: string, value: unknown): ClorthoError {
  return new ClorthoError('CLORTHO_INVALID', `not a flight: column=${column} value=${String(value)}`);
}
