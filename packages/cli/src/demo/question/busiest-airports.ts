/** Which airports were the busiest, now or at an earlier time? One scan of the airports' states. */
import { decodeUtf8, isClorthoError } from '@clortho/base';
import type { Store } from '@clortho/engine';
import { type AirportState, decodeAirportState } from '../airport-state.ts';
import { type Check, check } from '../check.ts';
import { AIRPORTS, PROGRESS_KEY } from '../flight-store.ts';
import type { PlainAnswers } from '../plain-answers.ts';

/** One of the busiest. */
export interface RankedAirport extends AirportState {
  readonly airport: string;
}

/** The busiest airports at a time. */
export interface BusiestAirports {
  /** In microseconds. */
  readonly asOf: number;
  /** How many airports had departures by then; `undefined` where history was truncated. */
  readonly airports: number | undefined;
  readonly ranking: readonly RankedAirport[];
  readonly ms: number;
}

const RANKED = 8;

/**
 * Asks the store for the newest state, which is that of `last`, or with `asOf` for an earlier one. A time below the
 * horizon has no answer.
 */
export async function busiestAirports(
  store: Store,
  { last, asOf }: { readonly last: number; readonly asOf?: number },
  now: () => number,
): Promise<BusiestAirports> {
  const began = now();
  const states = new Map<string, AirportState>();
  try {
    for await (const { key, value } of store.scan({ family: AIRPORTS, lt: PROGRESS_KEY, asOf })) {
      states.set(decodeUtf8(key), decodeAirportState(value));
    }
  } catch (error) {
    if (!isClorthoError(error, 'CLORTHO_HISTORY_TRUNCATED')) throw error;
    return { asOf: asOf ?? last, airports: undefined, ranking: [], ms: now() - began };
  }
  return { asOf: asOf ?? last, airports: states.size, ranking: rankingOf(states), ms: now() - began };
}

/** Compares an answer; below `horizon` the store must have refused. */
export function checkBusiestAirports(answer: BusiestAirports, plain: PlainAnswers, horizon: number): Check {
  const { asOf, airports, ranking } = answer;
  const name = `busiest airports as of ${asOf}`;
  if (asOf < horizon) return check(name, { airports, ranking }, { airports: undefined, ranking: [] });
  const states = plain.statesAsOf(asOf);
  return check(name, { airports, ranking }, { airports: states.size, ranking: rankingOf(states) });
}

function rankingOf(states: ReadonlyMap<string, AirportState>): RankedAirport[] {
  return [...states]
    .map(([airport, state]) => ({ airport, ...state }))
    .sort((left, right) => right.departures - left.departures || (left.airport < right.airport ? -1 : 1))
    .slice(0, RANKED);
}
