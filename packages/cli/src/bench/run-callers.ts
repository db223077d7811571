/**
 * Callers: each makes its next call once the last one has answered, until there are no more calls or the time is over.
 *
 * Invariants:
 * - Every caller has ended when this does, also after a failure: then with the first error.
 * - Answers from memory never let the event loop turn, so callers pause for a turn now and then, as a server would.
 */
import { type Clock, LatencyHistogram } from '@clortho/base';

/** Makes the call of a number and returns how many rows it was about. */
export type Call = (number: number) => number | Promise<number>;

/** How to call. */
export interface CallersOptions {
  readonly clock: Clock;
  readonly callers: number;
  /** The first call is made in any case. */
  readonly ms: number;
  readonly callsMost?: number | undefined;
  /** One call of so many is timed, and tells how far all are. */
  readonly timedEvery: number;
  readonly onProgress: (calls: number, ms: number) => void;
}

/** What callers came to. */
export interface CallersResult {
  readonly calls: number;
  readonly rows: number;
  readonly ms: number;
  readonly latencies: LatencyHistogram;
}

const TURN_MS = 2;

/** Runs the callers. */
export async function runCallers(
  { clock, callers, ms, callsMost = Number.POSITIVE_INFINITY, timedEvery, onProgress }: CallersOptions,
  call: Call,
): Promise<CallersResult> {
  const latencies = new LatencyHistogram();
  const began = clock.monotonic();
  let [calls, rows, turnedAt, isOver] = [0, 0, began, false];
  let pause: Promise<void> | undefined;
  const turn = async (): Promise<void> => {
    await clock.sleep(0);
    turnedAt = clock.monotonic();
    pause = undefined;
  };
  const timed = async (number: number): Promise<void> => {
    const before = clock.monotonic();
    const found = await call(number);
    rows += found;
    const after = clock.monotonic();
    latencies.record(after - before);
    isOver ||= after - began >= ms;
    onProgress(calls, after - began);
    if (after - turnedAt >= TURN_MS) pause ??= turn();
  };
  const caller = async (): Promise<void> => {
    while (!isOver && calls < callsMost) {
      const number = calls++;
      if (number % timedEvery === 0) await timed(number);
      else {
        const answer = call(number);
        const found = typeof answer === 'number' ? answer : await answer;
        rows += found;
      }
      if (pause !== undefined) await pause;
    }
  };
  const stopping = async (): Promise<void> => {
    try {
      await caller();
    } catch (error) {
      isOver = true;
      throw error;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: callers }, stopping));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return { calls, rows, ms: clock.monotonic() - began, latencies };
}
