/**
 * The demo: three million flights go into a store, questions are asked, half of the past is forgotten, and every
 * answer is held against a plain computation over the same records.
 *
 *     fill ──► compact ──► ask ──► truncate, collect garbage, ask again ──► bill
 *
 * Invariants:
 * - It can be killed at any moment and run again on the same store: it goes on after the last commit and ends with
 *   the same answers.
 */
import { type Bill, billOf } from './bill.ts';
import { type Check, check } from './check.ts';
import { type DemoSession, stopwatch } from './demo-session.ts';
import { readProgress } from './flight-store.ts';
import { type AskReport, askQuestions } from './phase-ask.ts';
import { type FillReport, fillStore } from './phase-fill.ts';
import { type ForgetReport, forgetHalf } from './phase-forget.ts';
import type { FlightSource } from './read-flights.ts';
import { renderBill } from './render-bill.ts';

/** Everything that a run found out. */
export interface DemoReport {
  readonly store: string;
  /** How many flights the store holds. */
  readonly rows: number;
  readonly fill: FillReport;
  readonly answers: AskReport;
  readonly forget: ForgetReport;
  readonly bill: Bill;
  readonly ms: number;
  /** The most memory that the process had, in bytes. */
  readonly memoryBytesMax: number;
  readonly checks: readonly Check[];
}

/** Runs the demo on the flights of `source`, at least `rowsMin` of them. */
export async function runDemo(
  session: DemoSession,
  source: FlightSource,
  rowsMin: number,
): Promise<DemoReport> {
  const { store, plain, checks, show } = session;
  const elapsed = stopwatch(session);
  const fill = await fillStore(session, source, rowsMin);
  checks.push(check('rows consumed', (await readProgress(store)).rows, plain.rows));
  const answers = await askQuestions(session);
  const forget = await forgetHalf(session, answers.history.airport);
  const bill = billOf(await store.stats());
  show(() => renderBill(bill));
  return {
    store: store.name,
    rows: plain.rows,
    fill,
    answers,
    forget,
    bill,
    ms: elapsed(),
    memoryBytesMax: process.resourceUsage().maxRSS * 1024,
    checks,
  };
}
