/** Writes of a timeline as rows in order: by key, newest first. */
import { NEVER, PUT, SstWriter, type SstWriterOptions } from '@clortho/sst';
import { keyOf } from '../workload/rows.ts';
import type { Timeline } from './timeline.ts';

/** Returns the numbers of the writes in commits `[from, to)`, by key, of one key newest first. */
export function sortedWrites(
  { keyNumbers, rowsPerCommit }: Timeline,
  from: number,
  to: number,
): Float64Array {
  const first = from * rowsPerCommit;
  const last = to * rowsPerCommit;
  // Key and age as one number: a typed array of numbers sorts without calls.
  const order = new Float64Array(last - first);
  for (let write = first; write < last; write += 1)
    order[write - first] = (keyNumbers[write] as number) * 2 ** 24 + (last - 1 - write);
  order.sort();
  return order.map((place) => last - 1 - (place % 2 ** 24));
}

/** A life of a key: which write began it, and when it ended. */
export interface WrittenLife {
  readonly write: number;
  readonly end: number;
}

/** Returns the lives of all keys up to commit `to`, exclusive, that some time from `horizon` on sees; by key, newest first. */
export function livesSince(timeline: Timeline, to: number, horizon: number): WrittenLife[] {
  const { keyNumbers, rowsPerCommit, timestampOf } = timeline;
  const lives: WrittenLife[] = [];
  let key = -1;
  let end = NEVER;
  for (const write of sortedWrites(timeline, 0, to)) {
    if (keyNumbers[write] !== key) end = NEVER;
    key = keyNumbers[write] as number;
    if (end > horizon) lives.push({ write, end });
    end = timestampOf(Math.floor(write / rowsPerCommit));
  }
  return lives;
}

/** Writes lives to a file and returns the writer, which is not finished. */
export function writeLives(
  timeline: Timeline,
  lives: Iterable<WrittenLife>,
  options: SstWriterOptions,
): SstWriter {
  const { keyNumbers, rowsPerCommit, timestampOf, valueOfWrite } = timeline;
  const writer = new SstWriter(options);
  for (const { write, end } of lives) {
    const key = keyOf(keyNumbers[write] as number);
    const value = valueOfWrite(write);
    const timestamp = timestampOf(Math.floor(write / rowsPerCommit));
    writer.append(key, 0, key.length, timestamp, end, PUT, value, 0, value.length);
  }
  return writer;
}
