/** How did one airport's days go? Its state at every hour, out of the history of one key. */
import type { Store } from '@clortho/engine';
import { decodeAirportState } from '../airport-state.ts';
import { type Check, check } from '../check.ts';
import { AIRPORTS } from '../flight-store.ts';
import type { AirportVersion, PlainAnswers } from '../plain-answers.ts';

/** A day of an airport. */
export interface AirportDay {
  /** The end of the day in microseconds. */
  readonly end: number;
  readonly departures: number;
  /** In minutes. */
  readonly meanDelay: number;
}

/** The history of an airport. */
export interface AirportHistory {
  readonly airport: string;
  /** Every state that it had, oldest first. */
  readonly versions: readonly AirportVersion[];
  readonly days: readonly AirportDay[];
  readonly ms: number;
}

const MICROS_PER_DAY = 86_400_000_000;

/** Asks the store for all versions that it still has. */
export async function airportHistory(
  store: Store,
  airport: string,
  now: () => number,
): Promise<AirportHistory> {
  const began = now();
  const versions: AirportVersion[] = [];
  for await (const { timestamp, value } of store.history(airport, { family: AIRPORTS })) {
    if (value !== undefined) versions.push({ timestamp, ...decodeAirportState(value) });
  }
  const ms = now() - began;
  versions.reverse();
  return { airport, versions, days: daysOf(versions), ms };
}

/** Compares the versions; below `horizon` only the one alive there remains. */
export function checkAirportHistory(answer: AirportHistory, plain: PlainAnswers, horizon: number): Check {
  const all = plain.versionsOf(answer.airport);
  const first = all.findLastIndex(({ timestamp }) => timestamp <= horizon);
  return check(`history of ${answer.airport}`, answer.versions, all.slice(Math.max(0, first)));
}

/** Returns the days by their differences; the first one only if it is known from its beginning. */
function daysOf(versions: readonly AirportVersion[]): AirportDay[] {
  const ends = new Map<number, AirportVersion>();
  for (const version of versions)
    ends.set(Math.ceil(version.timestamp / MICROS_PER_DAY) * MICROS_PER_DAY, version);
  const days: AirportDay[] = [];
  let before: AirportVersion | undefined;
  for (const [end, version] of ends) {
    if (before !== undefined) {
      const departures = version.departures - before.departures;
      const meanDelay = (version.totalDelay - before.totalDelay) / departures;
      days.push({ end, departures, meanDelay });
    }
    before = version;
  }
  return days;
}
