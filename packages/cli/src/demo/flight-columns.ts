/**
 * Flights as columns: what the decoder hands over, without an object per flight.
 *
 * Invariants:
 * - All columns have the same length; row i of each belongs to one flight. Minutes never decrease.
 * - Airports are numbers into `airports`, a list that only grows from chunk to chunk.
 */

/** Consecutive flights of the source, in the order of their departure. */
export interface FlightColumns {
  /** Scheduled departure, in minutes since the Unix epoch. The source has no time zones: taken as UTC. */
  readonly minutes: Uint32Array;
  /** Delay of the arrival in minutes; negative if early. */
  readonly delays: Int16Array;
  /** In miles. */
  readonly distances: Uint16Array;
  readonly origins: Uint16Array;
  readonly destinations: Uint16Array;
  /** The codes that the numbers of `origins` and `destinations` stand for. */
  readonly airports: readonly string[];
}

/** Returns the flights `[start, end)`, as views. */
export function sliceFlights(flights: FlightColumns, start: number, end: number): FlightColumns {
  return {
    minutes: flights.minutes.subarray(start, end),
    delays: flights.delays.subarray(start, end),
    distances: flights.distances.subarray(start, end),
    origins: flights.origins.subarray(start, end),
    destinations: flights.destinations.subarray(start, end),
    airports: flights.airports,
  };
}

/** Returns the flights of `left` followed by those of `right`, which was decoded later. */
export function joinFlights(left: FlightColumns, right: FlightColumns): FlightColumns {
  if (left.minutes.length === 0) return right;
  const length = left.minutes.length + right.minutes.length;
  const join = <T extends Uint32Array | Int16Array | Uint16Array>(whole: T, first: T, second: T): T => {
    whole.set(first);
    whole.set(second, first.length);
    return whole;
  };
  return {
    minutes: join(new Uint32Array(length), left.minutes, right.minutes),
    delays: join(new Int16Array(length), left.delays, right.delays),
    distances: join(new Uint16Array(length), left.distances, right.distances),
    origins: join(new Uint16Array(length), left.origins, right.origins),
    destinations: join(new Uint16Array(length), left.destinations, right.destinations),
    airports: right.airports,
  };
}
