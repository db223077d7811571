/**
 * Deadlines of many calls behind one timer.
 *
 * Invariants:
 * - All deadlines of one object are equally far away, so they pass in the order in which they were set.
 * - No timer runs for longer than a turn of the event loop after the last deadline was cleared.
 */
import type { Clock } from '@clortho/base';

/** Tells calls when their time is over. */
export interface Deadlines {
  /** Calls `onPassed` once the time is over, unless the returned function is called before. */
  set(onPassed: () => void): () => void;
}

interface Deadline {
  readonly atMs: number;
  readonly onPassed: () => void;
}

/** Returns deadlines that pass `timeoutMs` after they are set. */
export function deadlines(clock: Clock, timeoutMs: number): Deadlines {
  const pending = new Set<Deadline>();
  let timer: AbortController | undefined;
  let resting = false;

  const run = async (signal: AbortSignal): Promise<void> => {
    for (let [next] = pending; next !== undefined; [next] = pending) {
      await clock.sleep(Math.max(0, next.atMs - clock.monotonic()), signal);
      if (next.atMs > clock.monotonic() || !pending.delete(next)) continue;
      next.onPassed();
    }
  };
  /** Stops the timer unless another call follows at once: stopping costs more than a call. */
  const rest = async (): Promise<void> => {
    resting = true;
    await clock.sleep(0);
    resting = false;
    if (pending.size > 0) return;
    timer?.abort();
    timer = undefined;
  };
  const start = (): void => {
    const running = new AbortController();
    timer = running;
    const stop = (): void => {
      if (timer === running) timer = undefined;
      if (timer === undefined && pending.size > 0) start();
    };
    run(running.signal).then(stop, stop); // Rejects only when it is aborted.
  };
  return {
    set(onPassed) {
      const deadline: Deadline = { atMs: clock.monotonic() + timeoutMs, onPassed };
      pending.add(deadline);
      if (timer === undefined) start();
      return () => {
        pending.delete(deadline);
        if (pending.size === 0 && timer !== undefined && !resting) rest().catch(() => undefined);
      };
    },
  };
}
