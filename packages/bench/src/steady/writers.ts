/**
 * Writers: a few batches on their way at a time, as fast as the store takes them or at a fixed rate.
 *
 *     due        |   |   |   |   |   |        at a fixed rate a batch has a time at which it is due; it is late if all
 *     begun      |   |   |        ||| |       writers wait for the store then
 *
 * Invariants:
 * - No more than `WRITERS` batches are on their way.
 */
import { systemClock } from '@clortho/base';
import type { Store } from '@clortho/engine';
import { BATCH_ROWS, type MixedBatch } from './mixed-writes.ts';

/** Batches on their way at a time. */
export const WRITERS = 64;

const SECOND_MS = 1000;

/** A batch that was written. */
export interface WrittenBatch {
  readonly rows: number;
  /** How long the store took. */
  readonly latencyMs: number;
  /** How long it waited for a writer before. */
  readonly lateMs: number;
}

/** How to write. */
export interface Pace {
  /** Rows per second; infinite for as fast as possible. */
  readonly rowsPerSecond: number;
  readonly seconds: number;
}

/** Writes for a while; calls `onWritten` with each batch. Returns how many rows were written. */
export async function writeFor(
  store: Store,
  draw: () => MixedBatch,
  { rowsPerSecond, seconds }: Pace,
  onWritten: (batch: WrittenBatch) => void,
): Promise<number> {
  const began = systemClock.monotonic();
  const end = began + seconds * SECOND_MS;
  const intervalMs = (BATCH_ROWS * SECOND_MS) / rowsPerSecond;
  let batches = 0;
  let rows = 0;
  const writer = async (): Promise<void> => {
    for (;;) {
      const due = intervalMs === 0 ? systemClock.monotonic() : began + intervalMs * batches++;
      if (due >= end) return;
      const wait = due - systemClock.monotonic();
      if (wait > 0) await systemClock.sleep(wait);
      const { operations } = draw();
      const sent = systemClock.monotonic();
      await store.write(operations);
      rows += BATCH_ROWS;
      onWritten({
        rows: BATCH_ROWS,
        latencyMs: systemClock.monotonic() - sent,
        lateMs: Math.max(0, sent - due),
      });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  return rows;
}
