/** The third phase: half of the history goes, and with it everything that nothing references any more. */
import { isClorthoError } from '@clortho/base';
import type { TruncateResult } from '@clortho/engine';
import { formatBytes, formatCount, formatDuration, formatMoment } from '../output/format.ts';
import { check } from './check.ts';
import { type DemoSession, horizonOfAirports, hourAt, stopwatch } from './demo-session.ts';
import { AIRPORTS } from './flight-store.ts';
import { airportHistory, checkAirportHistory } from './question/airport-history.ts';
import { busiestAirports, checkBusiestAirports } from './question/busiest-airports.ts';

/** What the phase freed. */
export interface ForgetReport {
  readonly truncation: TruncateResult & { readonly ms: number };
  readonly garbage: { readonly objects: number; readonly bytes: number; readonly ms: number };
}

/**
 * Truncates the first half of the history and collects garbage. What can still be asked must be answered as before,
 * what lies below must be refused.
 */
export async function forgetHalf(session: DemoSession, airport: string): Promise<ForgetReport> {
  const { store, plain, checks, show, clock } = session;
  const now = (): number => clock.monotonic();
  const elapsed = stopwatch(session);
  const half = Math.max(hourAt(session, 0.5), await horizonOfAirports(session));
  const truncation = { ...(await store.truncateHistory(half)), ms: elapsed() };
  show(() => {
    const { filesDropped, rowsDropped, bytesFreed, ms } = truncation;
    const freed = `${formatCount(filesDropped)} files, ${formatCount(rowsDropped)} versions, ${formatBytes(bytesFreed)}`;
    return `History before ${formatMoment(half)} was truncated in ${formatDuration(ms)}: ${freed} freed`;
  });
  const garbage = await collectGarbage(session);
  const answers = [
    await busiestAirports(store, { last: hourAt(session, 1) }, now),
    await busiestAirports(store, { last: half, asOf: half }, now),
  ];
  for (const answer of answers) {
    const { name, ...rest } = checkBusiestAirports(answer, plain, half);
    checks.push({ name: `${name}, after truncation`, ...rest });
  }
  const { name, ...rest } = checkAirportHistory(await airportHistory(store, airport, now), plain, half);
  checks.push({ name: `${name}, after truncation`, ...rest });
  checks.push(
    check('a read below the horizon is refused', await readBelow(session, half), 'CLORTHO_HISTORY_TRUNCATED'),
  );
  return { truncation, garbage };
}

async function collectGarbage(session: DemoSession): Promise<ForgetReport['garbage']> {
  const elapsed = stopwatch(session);
  let objects = 0;
  let bytes = 0;
  // What lost its last reference goes at the second pass after.
  for (let pass = 0; pass < 2; pass += 1) {
    const { objectsDeleted, bytesDeleted } = await session.store.gc();
    objects += objectsDeleted;
    bytes += bytesDeleted;
  }
  const ms = elapsed();
  session.show(() => {
    const deleted = `${formatCount(objects)} objects that compaction had replaced, ${formatBytes(bytes)}`;
    return `Garbage collection deleted ${deleted}, in ${formatDuration(ms)}\n`;
  });
  return { objects, bytes, ms };
}

/** Returns the code of the error, or that there was none. */
async function readBelow({ store }: DemoSession, horizon: number): Promise<string> {
  try {
    await store.get('ORD', { family: AIRPORTS, asOf: horizon - 1 });
    return 'an answer';
  } catch (error) {
    if (isClorthoError(error)) return error.code;
    throw error;
  }
}
