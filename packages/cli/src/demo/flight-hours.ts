/**
 * Flights by the hours of their departure: the batches that are written, and the steps of the plain computation.
 *
 * Invariants:
 * - Boundaries depend on the flights alone, not on chunks: so a run that goes on after a crash makes the same batches.
 * - Hours without flights do not appear; timestamps strictly increase.
 */
import { type FlightColumns, joinFlights, sliceFlights } from './flight-columns.ts';

const MINUTES_PER_HOUR = 60;
const MICROS_PER_HOUR = 3_600_000_000;

/** All flights of an hour, or of a few quiet ones in a row. */
export interface FlightHours {
  /** The end of the last hour in microseconds: when all of it is known. */
  readonly timestamp: number;
  /** How many flights came before, which is the number of the first one here. */
  readonly firstRow: number;
  readonly flights: FlightColumns;
}

/**
 * Yields whole hours until at least `rowsMin` flights were among them. Hours with fewer than `flightsMin` flights are
 * joined by the ones after them.
 */
export async function* flightHours(
  chunks: AsyncIterable<FlightColumns>,
  rowsMin: number,
  flightsMin: number,
): AsyncGenerator<FlightHours> {
  let firstRow = 0;
  let rest: FlightColumns | undefined;
  for await (const chunk of chunks) {
    const flights: FlightColumns = rest === undefined ? chunk : joinFlights(rest, chunk);
    let start = 0;
    for (;;) {
      const end = endOfHours(flights.minutes, start, flightsMin);
      // The last hour of a chunk may go on in the next one.
      if (end === flights.minutes.length) break;
      yield hoursOf(flights, start, end, firstRow);
      firstRow += end - start;
      start = end;
      if (firstRow >= rowsMin) return;
    }
    rest = sliceFlights(flights, start, flights.minutes.length);
  }
  if (rest !== undefined && rest.minutes.length > 0) yield hoursOf(rest, 0, rest.minutes.length, firstRow);
}

function endOfHours(minutes: Uint32Array, start: number, flightsMin: number): number {
  let end = Math.min(start + flightsMin, minutes.length);
  while (end < minutes.length && hourOf(minutes, end) === hourOf(minutes, end - 1)) end += 1;
  return end;
}

function hourOf(minutes: Uint32Array, row: number): number {
  return Math.floor((minutes[row] as number) / MINUTES_PER_HOUR);
}

function hoursOf(flights: FlightColumns, start: number, end: number, firstRow: number): FlightHours {
  const hour = hourOf(flights.minutes, end - 1);
  return { timestamp: (hour + 1) * MICROS_PER_HOUR, firstRow, flights: sliceFlights(flights, start, end) };
}
