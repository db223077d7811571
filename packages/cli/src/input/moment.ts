/**
 * Moments on the command line.
 *
 *     994000000000000               microseconds since the Unix epoch: digits alone are always these
 *     2001-07-01                    an ISO date, UTC: its whole first millisecond
 *     2001-07-01T12:30:00Z          up to milliseconds: that whole millisecond
 *     2001-07-01T12:30:00.000001Z   exactly that microsecond
 */
import type { Timestamp } from '@clortho/engine';
import { InvalidArgumentError } from 'commander';

const MICROS = /^(.*\.\d{3})(\d{1,3})(Z|[+-]\d{2}:?\d{2})$/;
const ISO = /^\d{4}-\d{2}(?:-\d{2})?(?:T.+)?$/;

/** Returns the moment that `text` names. @throws {InvalidArgumentError} if it names none. */
export function parseMoment(text: string): Timestamp {
  if (/^\d+$/.test(text)) return safeInteger(Number(text), text);
  const [, upToMillis, digits = '', zone] = MICROS.exec(text) ?? [];
  if (upToMillis !== undefined) {
    const ms = dateOf(`${upToMillis}${zone}`, text).getTime();
    return safeInteger(ms * 1000 + Number(digits.padEnd(3, '0')), text);
  }
  return dateOf(text, text);
}

function dateOf(text: string, given: string): Date {
  // Without a zone a time of day would mean the machine's zone, and scripts would depend on where they run.
  const zoned = /T.*(?:Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  const date = new Date(zoned);
  if (ISO.test(text) && !Number.isNaN(date.getTime()) && date.getTime() >= 0) return date;
  throw new InvalidArgumentError(
    `expected an ISO date or microseconds since 1970, got ${JSON.stringify(given)}.`,
  );
}

function safeInteger(value: number, given: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`expected a safe integer of microseconds, got ${JSON.stringify(given)}.`);
}
