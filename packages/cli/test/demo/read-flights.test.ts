import { expect, test } from 'vitest';
// The built modules: the decoding thread is plain node.
import { findFlights } from '../../dist/demo/find-flights.js';
import { readFlights } from '../../dist/demo/read-flights.js';
import { BIN } from '../cli.ts';

test.for([
  ['announced', 400_000],
  ['asked for one by one', 1],
] as const)('chunks that are %s arrive in order', async ([_, rowsWanted]) => {
  const source = readFlights(await findFlights(undefined));
  try {
    expect(await source.rows()).toBe(3_000_000);
    let chunks = 0;
    let last = 0;
    for await (const { minutes, origins, airports } of source.chunks(rowsWanted)) {
      expect([minutes.length, origins.length]).toEqual([272_727, 272_727]);
      expect(minutes[0]).toBeGreaterThanOrEqual(last);
      expect(Math.max(...new Set(origins))).toBeLessThan(airports.length);
      last = minutes.at(-1) ?? 0;
      chunks += 1;
      if (chunks === 2) break;
    }
    expect(chunks).toBe(2);
  } finally {
    await source.close();
  }
});

test('a file of something else is refused', async () => {
  const source = readFlights(BIN);
  try {
    await expect(source.rows()).rejects.toThrow('parquet');
  } finally {
    await source.close();
  }
});
