/**
 * The rows of the merge: each key is in one of the runs, drawn at random, so that the merge changes inputs all the time.
 *
 *     number      0  1  2  3  4  5  6  7 …
 *     run         2  0  0  3  1  2  0  1 …       a run's commits are older than those of the next run
 */
import { randomBelow, seededRandom } from '@clortho/base';
import { KEY_BYTES, VALUE_BYTES, writeKey, writeValue } from '../workload/rows.ts';

/** How many runs are merged. */
export const RUNS = 4;
/** Key and value of one row. */
export const ROW_BYTES: number = KEY_BYTES + VALUE_BYTES;

/** Where in a key the bytes begin that differ among a million keys: as a number, they are exact in a double. */
export const NUMBER_START: number = KEY_BYTES - 6;

const FIRST_TIMESTAMP = 1.7e15;
const ROWS_PER_COMMIT = 1000;

/** Which rows. */
export interface MergeRows {
  readonly seed: number;
  readonly rows: number;
}

/** Calls `take` with every row in key order: its run, its timestamp, its key and value back to back in `bytes`. */
export function eachRow(
  { seed, rows }: MergeRows,
  take: (run: number, timestamp: number, bytes: Uint8Array) => void,
): void {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(ROW_BYTES);
  const commitsPerRun = Math.ceil(rows / RUNS / ROWS_PER_COMMIT);
  for (let number = 0; number < rows; number += 1) {
    const run = randomBelow(random, RUNS);
    writeKey(bytes, 0, number);
    writeValue(bytes, KEY_BYTES, random);
    const commit = run * commitsPerRun + randomBelow(random, commitsPerRun);
    take(run, FIRST_TIMESTAMP + 1000 * commit, bytes);
  }
}
