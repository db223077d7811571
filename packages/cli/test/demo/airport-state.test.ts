import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { airportOperator, decodeAirportState, encodeAirportState } from '../../src/demo/airport-state.ts';

const state = fc.record({
  departures: fc.integer({ min: 0, max: 1e6 }),
  totalDelay: fc.integer({ min: -1e6, max: 1e6 }),
  worstDelay: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
});

test('a state survives its encoding', () => {
  fc.assert(
    fc.property(state, (one) => {
      expect(decodeAirportState(encodeAirportState(one))).toEqual(one);
    }),
  );
});

test('merging is associative, as compaction needs it', () => {
  const { merge } = airportOperator;
  fc.assert(
    fc.property(fc.tuple(state, state, state), (states) => {
      const [a, b, c] = states.map(encodeAirportState) as [Uint8Array, Uint8Array, Uint8Array];
      expect(merge(merge(a, b), c)).toEqual(merge(a, merge(b, c)));
    }),
  );
});
