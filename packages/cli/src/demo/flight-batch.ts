/** The write batch of an hour: its flights, what they add to their airports, and how far the source is consumed. */

import type { Operation } from '@clortho/engine';
import { type AirportState, encodeAirportState } from './airport-state.ts';
import type { FlightHours } from './flight-hours.ts';
import { encodeFlights, FLIGHT_KEY_BYTES, FLIGHT_VALUE_BYTES } from './flight-record.ts';
import { AIRPORTS, FLIGHTS, PROGRESS_KEY } from './flight-store.ts';

/**
 * Returns the operations of an hour. The progress row is among them, so both are committed or neither is, and its
 * version before must be `version`: nothing is committed twice, or on top of a gap.
 */
export function flightBatch(hour: FlightHours, version: number | undefined): Operation[] {
  const { keys, values } = encodeFlights(hour);
  const operations: Operation[] = [];
  const rows = hour.flights.minutes.length;
  for (let row = 0; row < rows; row += 1) {
    operations.push({
      type: 'put',
      family: FLIGHTS,
      key: keys.subarray(row * FLIGHT_KEY_BYTES, (row + 1) * FLIGHT_KEY_BYTES),
      value: values.subarray(row * FLIGHT_VALUE_BYTES, (row + 1) * FLIGHT_VALUE_BYTES),
    });
  }
  for (const [code, state] of addedStates(hour)) {
    operations.push({ type: 'merge', family: AIRPORTS, key: code, value: encodeAirportState(state) });
  }
  const value = String(hour.firstRow + rows);
  const condition = version === undefined ? { ifAbsent: true } : { ifVersion: version };
  operations.push({ type: 'put', family: AIRPORTS, key: PROGRESS_KEY, value, ...condition });
  return operations;
}

function addedStates({ flights }: FlightHours): Map<string, AirportState> {
  const { origins, delays, airports } = flights;
  const added = new Map<string, AirportState>();
  for (let row = 0; row < delays.length; row += 1) {
    const code = airports[origins[row] as number] as string;
    const delay = delays[row] as number;
    const state = added.get(code);
    added.set(code, {
      departures: (state?.departures ?? 0) + 1,
      totalDelay: (state?.totalDelay ?? 0) + delay,
      worstDelay: Math.max(state?.worstDelay ?? delay, delay),
    });
  }
  return added;
}
