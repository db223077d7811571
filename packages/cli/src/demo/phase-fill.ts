/** The first phase: all flights into the store, then everything into its final place. */
import type { CompactResult } from '@clortho/engine';
import { formatBytes, formatCount, formatDuration } from '../output/format.ts';
import { type DemoSession, stopwatch } from './demo-session.ts';
import { flightHours } from './flight-hours.ts';
import { readProgress } from './flight-store.ts';
import { ingest } from './ingest.ts';
import { type LevelPicture, pictureOf, renderPicture } from './level-picture.ts';
import type { FlightSource } from './read-flights.ts';

/** What the phase did. */
export interface FillReport {
  /** Rows and batches that an earlier run had written, and that this one wrote. */
  readonly rowsBefore: number;
  readonly rows: number;
  readonly batches: number;
  readonly ms: number;
  readonly before: LevelPicture;
  readonly after: LevelPicture;
  readonly compaction: CompactResult & { readonly ms: number };
}

/** Quiet hours share a batch until it has so many flights. */
const FLIGHTS_MIN = 1000;

/** Streams the flights of `source`, at least `rowsMin` of them, into the store, and compacts it. Closes the source. */
export async function fillStore(
  session: DemoSession,
  source: FlightSource,
  rowsMin: number,
): Promise<FillReport> {
  const { store, plain, show } = session;
  const before = await readProgress(store);
  const rowsBefore = before.rows;
  if (rowsBefore > 0)
    show(() => `The store has ${formatCount(rowsBefore)} flights already; going on from there.\n`);
  const elapsed = stopwatch(session);
  // A store that was filled further is asked about all that it holds.
  const total = Math.min(await source.rows(), Math.max(rowsMin, rowsBefore));
  const progress = session.progress({ title: 'loading', unit: 'flights', total, start: rowsBefore });
  let written: { readonly rows: number; readonly batches: number };
  try {
    written = await ingest(store, flightHours(source.chunks(total), total, FLIGHTS_MIN), before, {
      onHour: (hour) => plain.add(hour),
      onCommit(rows) {
        session.acknowledge(rows);
        progress.update(Math.min(rows, total));
      },
    });
  } finally {
    progress.stop();
    await source.close();
  }
  const ms = elapsed();
  show(() => {
    const rate = `${formatCount((1000 * written.rows) / ms)} flights/s`;
    return `${formatCount(written.rows)} flights in ${formatCount(written.batches)} commits, ${formatDuration(ms)}, ${rate}\n`;
  });
  return { rowsBefore, ...written, ms, ...(await compactAll(session)) };
}

async function compactAll(
  session: DemoSession,
): Promise<Pick<FillReport, 'before' | 'after' | 'compaction'>> {
  const { store, show } = session;
  const before = pictureOf(await store.stats());
  const elapsed = stopwatch(session);
  const result = await store.compact();
  const compaction = { ...result, ms: elapsed() };
  const after = pictureOf(await store.stats());
  show(() => renderPicture('The tree before compaction', before));
  show(() => {
    const { jobs, bytesRead, bytesWritten, ms } = compaction;
    const bytes = `${formatBytes(bytesRead)} read, ${formatBytes(bytesWritten)} written`;
    return `${formatCount(jobs)} merges, ${bytes}, ${formatDuration(ms)}\n`;
  });
  show(() => renderPicture('The tree after compaction', after));
  return { before, after, compaction };
}
