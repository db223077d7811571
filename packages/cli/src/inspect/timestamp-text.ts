/** Timestamps of rows, which are microseconds in most stores and any integers in some. */
import { NEVER } from '@clortho/sst';
import { formatMoment } from '../output/format.ts';

/** 2000-01-01 and 2100-01-01 in microseconds: what lies between was most likely meant as a moment. */
const MOMENT_MIN = 946_684_800_000_000;
const MOMENT_END = 4_102_444_800_000_000;
/** The characters of an ISO date up to the `T`. */
const DAY_CHARACTERS = 11;

/** Returns the number, and the moment where it looks like one: `1700000000000007 (2023-11-14T22:13:20.000007Z)`. */
export function timestampText(timestamp: number): string {
  if (timestamp === NEVER) return 'never';
  return isMoment(timestamp) ? `${timestamp} (${formatMoment(timestamp)})` : String(timestamp);
}

/** Returns the least and the greatest of several timestamps, short: moments for numbers, and no day twice. */
export function timestampRange(least: number, greatest: number): string {
  const first = briefText(least);
  if (least === greatest) return first;
  const last = briefText(greatest);
  const isSameDay =
    isMoment(least) && isMoment(greatest) && first.slice(0, DAY_CHARACTERS) === last.slice(0, DAY_CHARACTERS);
  return `${first} to ${isSameDay ? last.slice(DAY_CHARACTERS) : last}`;
}

function briefText(timestamp: number): string {
  if (timestamp === NEVER) return 'never';
  return isMoment(timestamp) ? formatMoment(timestamp) : String(timestamp);
}

function isMoment(timestamp: number): boolean {
  return timestamp >= MOMENT_MIN && timestamp < MOMENT_END;
}
