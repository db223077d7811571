import { InvalidArgumentError } from 'commander';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMoment } from '../../src/input/moment.ts';
import { formatMoment } from '../../src/output/format.ts';

/** The last microsecond that a safe integer holds. */
const MICROS_MAX = Number.MAX_SAFE_INTEGER;

test('every printed moment is read as the same microsecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: MICROS_MAX }), (timestamp) => {
      const parsed = parseMoment(formatMoment(timestamp));
      expect(parsed).toBe(timestamp);
    }),
  );
});

test('digits alone are microseconds, dates are whole milliseconds in UTC', () => {
  expect(parseMoment('2001')).toBe(2001);
  expect(parseMoment('2001-07-01')).toEqual(new Date('2001-07-01T00:00:00.000Z'));
  expect(parseMoment('2001-07-01T12:30')).toEqual(new Date('2001-07-01T12:30:00.000Z'));
  expect(parseMoment('2001-07-01T12:30:00.5+02:00')).toEqual(new Date('2001-07-01T10:30:00.500Z'));
  expect(parseMoment('2001-07-01T12:30:00.000001Z')).toBe(Date.UTC(2001, 6, 1, 12, 30) * 1000 + 1);
});

test.for(['', 'now', '12.5', '-1', '2001-13-01', '1969-12-31', '99999999999999999999', 'July 1 2001'])(
  '%j is no moment',
  (text) => {
    expect(() => parseMoment(text)).toThrow(InvalidArgumentError);
  },
);
