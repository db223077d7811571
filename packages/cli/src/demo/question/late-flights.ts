/** Which flights were more than six hours late? A scan of the log that skips what its statistics rule out. */
import type { KeyRange, MinMax, Prune, PruneReport, Store } from '@clortho/engine';
import { type Check, check } from '../check.ts';
import { decodeFlight, delayOf, type Flight } from '../flight-record.ts';
import { DELAY_STATISTIC, FLIGHTS } from '../flight-store.ts';
import { LATE_MINUTES, type PlainAnswers } from '../plain-answers.ts';

/** The late flights, and what it took to find them. */
export interface LateFlights {
  /** The latest first. */
  readonly flights: readonly Flight[];
  readonly pruning: PruneReport;
  readonly ms: number;
}

const lateOnly: Prune = {
  mayMatch: (statistics) => {
    const delay = statistics[DELAY_STATISTIC] as MinMax | undefined;
    return delay === undefined || delay.max > LATE_MINUTES;
  },
  where: ({ value }) => delayOf(value) > LATE_MINUTES,
};

/** Asks the store: one scan per shard, side by side, because each waits for one file after the other. */
export async function lateFlights(store: Store, now: () => number): Promise<LateFlights> {
  const began = now();
  const { shards } = await store.stats();
  const flights: Flight[] = [];
  const pruning: PruneReport = { filesRead: 0, filesSkipped: 0, blocksRead: 0, blocksSkipped: 0 };
  const onEnd = (report: PruneReport): void => {
    pruning.filesRead += report.filesRead;
    pruning.filesSkipped += report.filesSkipped;
    pruning.blocksRead += report.blocksRead;
    pruning.blocksSkipped += report.blocksSkipped;
  };
  const scan = async (range: KeyRange): Promise<void> => {
    const rows = store.scan({ ...range, family: FLIGHTS, prune: { ...lateOnly, onEnd } });
    for await (const { key, value } of rows) flights.push(decodeFlight(key, value));
  };
  await Promise.all(shards.map(({ lower, upper }) => scan({ gte: lower, lt: upper })));
  flights.sort((left, right) => right.delay - left.delay || left.row - right.row);
  return { flights, pruning, ms: now() - began };
}

/** Compares the flights. */
export function checkLateFlights(answer: LateFlights, plain: PlainAnswers): Check {
  return check(`flights more than ${LATE_MINUTES / 60} hours late`, answer.flights, plain.lateFlights());
}
