/** The second phase: questions that a person would ask, each answer held against the plain computation. */
import { type DemoSession, horizonOfAirports, hourAt } from './demo-session.ts';
import { type AirportHistory, airportHistory, checkAirportHistory } from './question/airport-history.ts';
import { type BusiestAirports, busiestAirports, checkBusiestAirports } from './question/busiest-airports.ts';
import { checkLateFlights, type LateFlights, lateFlights } from './question/late-flights.ts';
import { renderBusiest } from './question/render-busiest.ts';
import { renderHistory } from './question/render-history.ts';
import { renderLate } from './question/render-late.ts';

/** The answers. */
export interface AskReport {
  /** Now, then as of earlier times, the latest first. */
  readonly busiest: readonly BusiestAirports[];
  readonly history: AirportHistory;
  readonly late: LateFlights;
}

/** How far through all hours the earlier times lie. */
const PAST_SHARES = [0.75, 0.5, 0.25];

/** Asks everything. What lies below the horizon of a store that was truncated before must be refused. */
export async function askQuestions(session: DemoSession): Promise<AskReport> {
  const { store, plain, show, checks, clock } = session;
  const now = (): number => clock.monotonic();
  const horizon = await horizonOfAirports(session);
  const last = hourAt(session, 1);
  const busiest = [await busiestAirports(store, { last }, now)];
  for (const share of PAST_SHARES) {
    busiest.push(await busiestAirports(store, { last, asOf: hourAt(session, share) }, now));
  }
  for (const answer of busiest) checks.push(checkBusiestAirports(answer, plain, horizon));
  show(() => renderBusiest(busiest));
  const history = await airportHistory(store, busiest[0]?.ranking[0]?.airport ?? '', now);
  checks.push(checkAirportHistory(history, plain, horizon));
  show(() => renderHistory(history));
  const late = await lateFlights(store, now);
  checks.push(checkLateFlights(late, plain));
  show(() => renderLate(late));
  return { busiest, history, late };
}
