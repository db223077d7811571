/**
 * Filling the store: one atomic batch per hour of flights, from where the last run ended.
 *
 *     decoder thread ── columns ──► hours ──► batch n + 1 is built        ──► next
 *                                             while batch n is committed
 *
 * Invariants:
 * - A batch is sent only after the one before was acknowledged: otherwise a failure in between would leave a hole
 *   that the progress row does not show.
 * - Every hour, committed earlier or not, reaches `onHour`: the plain computation needs all of them.
 */
import { ClorthoError } from '@clortho/base';
import type { Operation, Store } from '@clortho/engine';
import { flightBatch } from './flight-batch.ts';
import type { FlightHour } from './flight-hours.ts';

/** What {@link ingest} reports while it works. */
export interface IngestEvents {
  /** Called with every hour of the source. */
  readonly onHour: (hour: FlightHour) => void;
  /** Called after a batch was acknowledged, with the number of rows consumed so far. */
  readonly onCommit: (rows: number) => void;
}

/** What was written. */
export interface IngestResult {
  /** Rows and batches written by this run. */
  readonly rows: number;
  readonly batches: number;
}

/**
 * Writes all hours beyond the first `consumed` rows.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the store was filled from another source; what `write` throws.
 */
export async function ingest(
  store: Store,
  hours: AsyncIterable<FlightHour>,
  consumed: number,
  { onHour, onCommit }: IngestEvents,
): Promise<IngestResult> {
  let rows = 0;
  let batches = 0;
  let committing: Promise<void> = Promise.resolve();
  const commit = async (operations: readonly Operation[], timestamp: number, end: number): Promise<void> => {
    await store.write(operations, { timestamp });
    onCommit(end);
  };
  for await (const hour of hours) {
    onHour(hour);
    const end = hour.firstRow + hour.flights.minutes.length;
    if (end <= consumed) continue;
    if (hour.firstRow < consumed) {
      const facts = `consumed=${consumed} hour=[${hour.firstRow}, ${end})`;
      throw new ClorthoError('CLORTHO_INVALID', `the store was filled from another file: ${facts}`);
    }
    const operations = flightBatch(hour);
    await committing;
    committing = commit(operations, hour.timestamp, end);
    // The failure is thrown by the next turn; until then it must not count as unhandled.
    committing.catch(() => undefined);
    rows += end - hour.firstRow;
    batches += 1;
  }
  await committing;
  return { rows, batches };
}
