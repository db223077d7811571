import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openFlightFile } from '../../src/demo/decode-flights.ts';
import { findFlights } from '../../src/demo/find-flights.ts';

const require = createRequire(import.meta.url);
const DATA = join(dirname(require.resolve('vega-datasets')), '..', 'data');

test('the file is found where the package is installed', async () => {
  expect(await findFlights(undefined)).toBe(join(DATA, 'flights-3m.parquet'));
});

test('the first row group of the real file, as numbers', async () => {
  const { rows, groups } = await openFlightFile(join(DATA, 'flights-3m.parquet'));
  expect(rows).toBe(3_000_000);
  for await (const flights of groups()) {
    const { minutes, delays, distances, origins, destinations, airports } = flights;
    expect([minutes, delays, distances, origins, destinations].map(({ length }) => length)).toEqual(
      Array.from({ length: 5 }, () => 272_727),
    );
    expect({
      minute: minutes[0],
      delay: delays[0],
      distance: distances[0],
      origin: airports[origins[0] as number],
      destination: airports[destinations[0] as number],
    }).toEqual({
      minute: Date.UTC(2001, 0, 1, 0, 1) / 60_000,
      delay: 33,
      distance: 2176,
      origin: 'LAS',
      destination: 'PHL',
    });
    expect(minutes.every((minute, row) => row === 0 || minute >= (minutes[row - 1] as number))).toBe(true);
    break;
  }
});

test('another file is refused with what it lacks', async () => {
  await expect(openFlightFile(join(DATA, 'gapminder-health-income.csv'))).rejects.toThrow();
});
