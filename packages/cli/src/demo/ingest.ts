/**
 * Filling the store: one atomic batch per hour or two of flights, from where the last run ended.
 *
 *     decoder thread ── columns ──► hours ──► batch n + 2 is built
 *                                             batch n + 1 is uploaded
 *                                             batch n is committed
 *
 * Invariants:
 * - A batch is committed only on top of the one before, whose progress row it expects: a failure in between leaves no
 *   hole, although the next batches were on their way.
 * - Every hour, committed earlier or not, reaches `onHour`: the plain computation needs all of them.
 */
import { ClorthoError } from '@clortho/base';
import type { Operation, Store } from '@clortho/engine';
import { flightBatch } from './flight-batch.ts';
import type { FlightHours } from './flight-hours.ts';
import type { Progress } from './flight-store.ts';

/** What {@link ingest} reports while it works. */
export interface IngestEvents {
  /** Called with every hour of the source. */
  readonly onHour: (hour: FlightHours) => void;
  /** Called after a batch was acknowledged, with the number of rows consumed so far. */
  readonly onCommit: (rows: number) => void;
}

/** What was written. */
export interface IngestResult {
  /** Rows and batches written by this run. */
  readonly rows: number;
  readonly batches: number;
}

/** Batches sent and not acknowledged: one is built, one uploaded and one committed at a time. */
const IN_FLIGHT = 3;

/**
 * Writes all hours beyond `progress`.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the store was filled from another source; what `write` throws.
 */
export async function ingest(
  store: Store,
  hours: AsyncIterable<FlightHours>,
  { rows: consumed, version }: Progress,
  { onHour, onCommit }: IngestEvents,
): Promise<IngestResult> {
  let rows = 0;
  let batches = 0;
  let before = version;
  const commits: Promise<void>[] = [];
  const commit = async (operations: readonly Operation[], timestamp: number, end: number): Promise<void> => {
    await store.write(operations, { timestamp });
    onCommit(end);
  };
  try {
    for await (const hour of hours) {
      onHour(hour);
      const end = hour.firstRow + hour.flights.minutes.length;
      if (end <= consumed) continue;
      if (hour.firstRow < consumed) {
        const facts = `consumed=${consumed} hour=[${hour.firstRow}, ${end})`;
        throw new ClorthoError('CLORTHO_INVALID', `the store was filled from another file: ${facts}`);
      }
      const committing = commit(flightBatch(hour, before), hour.timestamp, end);
      // A failure is thrown when its turn comes; until then it must not count as unhandled.
      committing.catch(() => undefined);
      commits.push(committing);
      before = hour.timestamp;
      rows += end - hour.firstRow;
      batches += 1;
      if (commits.length === IN_FLIGHT) await commits.shift();
    }
    for (const committing of commits) await committing;
  } finally {
    await Promise.allSettled(commits);
  }
  return { rows, batches };
}
