/**
 * Flights by the hour of their departure: the batches that are written, and the steps of the plain computation.
 *
 * Invariants:
 * - Boundaries depend on the flights alone, not on chunks, so a run that goes on after a crash makes the same batches.
 * - Hours without flights do not appear; timestamps strictly increase.
 */
import { type FlightColumns, joinFlights, sliceFlights } from './flight-columns.ts';

const MINUTES_PER_HOUR = 60;
const MICROS_PER_HOUR = 3_600_000_000;

/** All flights of one hour. */
export interface FlightHour {
  /** The end of the hour in microseconds: when all of it is known. */
  readonly timestamp: number;
  /** How many flights came before, which is the number of the first one here. */
  readonly firstRow: number;
  readonly flights: FlightColumns;
}

/** Yields whole hours until at least `rowsMin` flights were among them. */
export async function* flightHours(
  chunks: AsyncIterable<FlightColumns>,
  rowsMin: number,
): AsyncGenerator<FlightHour> {
  let firstRow = 0;
  let rest: FlightColumns | undefined;
  for await (const chunk of chunks) {
    const flights: FlightColumns = rest === undefined ? chunk : joinFlights(rest, chunk);
    let start = 0;
    for (;;) {
      const end = endOfHour(flights.minutes, start);
      // The last hour of a chunk may go on in the next one.
      if (end === flights.minutes.length) break;
      yield hourOf(flights, start, end, firstRow);
      firstRow += end - start;
      start = end;
      if (firstRow >= rowsMin) return;
    }
    rest = sliceFlights(flights, start, flights.minutes.length);
  }
  if (rest !== undefined && rest.minutes.length > 0) yield hourOf(rest, 0, rest.minutes.length, firstRow);
}

function endOfHour(minutes: Uint32Array, start: number): number {
  const hour = Math.floor((minutes[start] ?? 0) / MINUTES_PER_HOUR);
  let end = start;
  while (end < minutes.length && Math.floor((minutes[end] as number) / MINUTES_PER_HOUR) === hour) end += 1;
  return end;
}

function hourOf(flights: FlightColumns, start: number, end: number, firstRow: number): FlightHour {
  const hour = Math.floor((flights.minutes[start] as number) / MINUTES_PER_HOUR);
  return { timestamp: (hour + 1) * MICROS_PER_HOUR, firstRow, flights: sliceFlights(flights, start, end) };
}
