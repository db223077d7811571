import { expect, test } from 'vitest';
import { check } from '../../src/demo/check.ts';
import type { FlightHours } from '../../src/demo/flight-hours.ts';
import { PlainAnswers } from '../../src/demo/plain-answers.ts';

function hour(
  timestamp: number,
  firstRow: number,
  rows: readonly (readonly [string, number])[],
): FlightHours {
  const airports = ['ATL', 'ORD'];
  return {
    timestamp,
    firstRow,
    flights: {
      minutes: Uint32Array.from(rows, () => 7),
      delays: Int16Array.from(rows, ([, delay]) => delay),
      distances: Uint16Array.from(rows, () => 100),
      origins: Uint16Array.from(rows, ([code]) => airports.indexOf(code)),
      destinations: Uint16Array.from(rows, () => 0),
      airports,
    },
  };
}

test('it counts by hand', () => {
  const plain = new PlainAnswers();
  plain.add(
    hour(10, 0, [
      ['ORD', 5],
      ['ATL', -3],
      ['ORD', 361],
    ]),
  );
  plain.add(
    hour(20, 3, [
      ['ORD', -7],
      ['ORD', 360],
    ]),
  );
  expect(plain.rows).toBe(5);
  expect(plain.timestamps).toEqual([10, 20]);
  expect(plain.statesAsOf(9).size).toBe(0);
  expect(Object.fromEntries(plain.statesAsOf(19))).toEqual({
    ORD: { departures: 2, totalDelay: 366, worstDelay: 361 },
    ATL: { departures: 1, totalDelay: -3, worstDelay: -3 },
  });
  expect(plain.statesAsOf(20).get('ORD')).toEqual({ departures: 4, totalDelay: 719, worstDelay: 361 });
  expect(plain.versionsOf('ORD').map(({ timestamp, departures }) => [timestamp, departures])).toEqual([
    [10, 2],
    [20, 4],
  ]);
  expect(plain.lateFlights()).toEqual([
    { origin: 'ORD', destination: 'ATL', minute: 7, row: 2, delay: 361, distance: 100 },
  ]);
});

test('a difference is named by its place', () => {
  expect(check('same', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual({ name: 'same', ok: true });
  expect(check('other', { a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual({
    name: 'other',
    ok: false,
    difference: 'a.1.b: the store says 2, the records say 3',
  });
  expect(check('less', [1], [1, 2])).toMatchObject({
    difference: '1: the store says nothing, the records say 2',
  });
});
