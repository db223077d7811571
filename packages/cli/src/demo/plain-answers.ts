/**
 * The same answers without a store: loops over the decoded flights, kept in plain arrays.
 *
 * What the store says is held against this, so nothing here reads from the store or shares code with the batches.
 *
 * Invariants:
 * - One call of {@link PlainAnswers.add} per hour, in order.
 */
import type { AirportState } from './airport-state.ts';
import type { FlightHours } from './flight-hours.ts';
import type { Flight } from './flight-record.ts';

/** The state of an airport and since when it holds. */
export interface AirportVersion extends AirportState {
  /** In microseconds. */
  readonly timestamp: number;
}

/** Flights later than this, in minutes, are remembered one by one. */
export const LATE_MINUTES: number = 6 * 60;

/** The numbers of one airport in one hour: airport, departures, total delay, worst delay. */
const FIELDS = 4;

/** Answers questions over all flights added so far. */
export class PlainAnswers {
  readonly #timestamps: number[] = [];
  readonly #hours: Int32Array[] = [];
  readonly #late: Flight[] = [];
  #airports: readonly string[] = [];
  #rows = 0;

  /** Takes in the flights of an hour. */
  add({ timestamp, firstRow, flights }: FlightHours): void {
    const { minutes, delays, distances, origins, destinations, airports } = flights;
    const slots = new Map<number, number>();
    const numbers: number[] = [];
    for (let row = 0; row < minutes.length; row += 1) {
      const origin = origins[row] as number;
      const delay = delays[row] as number;
      let at = slots.get(origin);
      if (at === undefined) {
        at = numbers.push(origin, 0, 0, delay) - FIELDS;
        slots.set(origin, at);
      }
      numbers[at + 1] = (numbers[at + 1] as number) + 1;
      numbers[at + 2] = (numbers[at + 2] as number) + delay;
      numbers[at + 3] = Math.max(numbers[at + 3] as number, delay);
      if (delay <= LATE_MINUTES) continue;
      this.#late.push({
        origin: airports[origin] as string,
        destination: airports[destinations[row] as number] as string,
        minute: minutes[row] as number,
        row: firstRow + row,
        delay,
        distance: distances[row] as number,
      });
    }
    this.#timestamps.push(timestamp);
    this.#hours.push(Int32Array.from(numbers));
    this.#airports = airports;
    this.#rows += minutes.length;
  }

  /** How many flights were added. */
  get rows(): number {
    return this.#rows;
  }

  /** The ends of the hours with flights, increasing, in microseconds. */
  get timestamps(): readonly number[] {
    return this.#timestamps;
  }

  /** Returns the states of all airports as of `timestamp`, by code. */
  statesAsOf(timestamp: number): ReadonlyMap<string, AirportState> {
    const states = new Map<string, AirportState>();
    for (
      let hour = 0;
      hour < this.#hours.length && (this.#timestamps[hour] as number) <= timestamp;
      hour += 1
    ) {
      const numbers = this.#hours[hour] as Int32Array;
      for (let at = 0; at < numbers.length; at += FIELDS) {
        const code = this.#airports[numbers[at] as number] as string;
        states.set(code, sumOf(states.get(code), numbers, at));
      }
    }
    return states;
  }

  /** Returns every state that an airport had, oldest first. */
  versionsOf(code: string): AirportVersion[] {
    const airport = this.#airports.indexOf(code);
    const versions: AirportVersion[] = [];
    for (const [hour, numbers] of this.#hours.entries()) {
      for (let at = 0; at < numbers.length; at += FIELDS) {
        if (numbers[at] !== airport) continue;
        versions.push({
          timestamp: this.#timestamps[hour] as number,
          ...sumOf(versions.at(-1), numbers, at),
        });
      }
    }
    return versions;
  }

  /** Returns the flights that were more than {@link LATE_MINUTES} late, the latest first. */
  lateFlights(): Flight[] {
    return this.#late.toSorted((left, right) => right.delay - left.delay || left.row - right.row);
  }
}

function sumOf(state: AirportState | undefined, numbers: Int32Array, at: number): AirportState {
  const worst = numbers[at + 3] as number;
  return {
    departures: (state?.departures ?? 0) + (numbers[at + 1] as number),
    totalDelay: (state?.totalDelay ?? 0) + (numbers[at + 2] as number),
    worstDelay: Math.max(state?.worstDelay ?? worst, worst),
  };
}
