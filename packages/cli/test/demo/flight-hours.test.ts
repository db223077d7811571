import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FlightColumns, sliceFlights } from '../../src/demo/flight-columns.ts';
import { type FlightHours, flightHours } from '../../src/demo/flight-hours.ts';

/** Flights at the given minutes; the other columns number the rows. */
function flightsAt(minutes: readonly number[]): FlightColumns {
  const numbers = minutes.map((_, row) => row);
  return {
    minutes: Uint32Array.from(minutes),
    delays: Int16Array.from(numbers),
    distances: Uint16Array.from(numbers),
    origins: Uint16Array.from(minutes, () => 0),
    destinations: Uint16Array.from(minutes, () => 0),
    airports: ['ORD'],
  };
}

async function* inChunks(flights: FlightColumns, cuts: readonly number[]): AsyncGenerator<FlightColumns> {
  let start = 0;
  for (const end of [...cuts, flights.minutes.length]) {
    if (end > start) yield sliceFlights(flights, start, end);
    start = Math.max(start, end);
  }
}

async function collect(hours: AsyncIterable<FlightHours>): Promise<FlightHours[]> {
  const all: FlightHours[] = [];
  for await (const hour of hours) all.push(hour);
  return all;
}

const minutes = fc
  .array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 60 })
  .map((list) => list.sort((left, right) => left - right));

test('hours are the same however the flights are cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(minutes, fc.array(fc.nat(60), { maxLength: 6 }), fc.nat(9), async (list, cuts, few) => {
      const flights = flightsAt(list);
      const places = cuts.filter((cut) => cut <= list.length).sort((left, right) => left - right);
      const whole = await collect(flightHours(inChunks(flights, []), Number.POSITIVE_INFINITY, few + 1));
      const cut = await collect(flightHours(inChunks(flights, places), Number.POSITIVE_INFINITY, few + 1));
      expect(cut).toEqual(whole);
      expect(whole.flatMap((hour) => [...hour.flights.delays])).toEqual(list.map((_, row) => row));
      for (const [index, hour] of whole.entries()) {
        const before = whole[index - 1]?.timestamp ?? 0;
        expect(hour.timestamp).toBeGreaterThan(before);
        if (index < whole.length - 1) expect(hour.flights.minutes.length).toBeGreaterThan(few);
        for (const minute of hour.flights.minutes) {
          expect(minute * 60_000_000).toBeGreaterThanOrEqual(before);
          expect(minute * 60_000_000).toBeLessThan(hour.timestamp);
        }
      }
    }),
  );
});

test('it ends with the hour that completes the rows asked for', async () => {
  const flights = flightsAt([0, 1, 60, 61, 62, 180]);
  const counts = async (rows: number, flightsMin = 1): Promise<number[]> => {
    const hours = await collect(flightHours(inChunks(flights, [4]), rows, flightsMin));
    return hours.map((hour) => hour.flights.minutes.length);
  };
  expect(await counts(1)).toEqual([2]);
  expect(await counts(3)).toEqual([2, 3]);
  expect(await counts(100)).toEqual([2, 3, 1]);
  expect(await counts(100, 3)).toEqual([5, 1]);
});
