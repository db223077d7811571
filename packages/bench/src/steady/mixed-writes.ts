/**
 * Mixed writes: batches of skewed overwrites, some deletes, and appends to a log.
 *
 *     of 100 rows    70 overwrites   10 deletes   20 rows of the log
 */
import { randomBelow, seededRandom, zipf } from '@clortho/base';
import type { Operation } from '@clortho/engine';
import { KEY_BYTES, keyOf, VALUE_BYTES, valueOf } from '../workload/rows.ts';

/** Rows of one batch. */
export const BATCH_ROWS = 100;
/** The name of the log family. */
export const LOG = 'log';

const DELETES_OF_100 = 10;
const APPENDS_OF_100 = 20;

/** A batch and the bytes of its keys and values. */
export interface MixedBatch {
  readonly operations: Operation[];
  readonly bytes: number;
}

/** Returns a function that draws batches over `keys` keys. */
export function mixedWrites(seed: number, keys: number): () => MixedBatch {
  const random = seededRandom(seed);
  const draw = zipf(keys, random);
  let appended = 0;
  const operation = (): Operation => {
    const choice = randomBelow(random, 100);
    if (choice < DELETES_OF_100) return { type: 'del', key: keyOf(draw()) };
    const value = valueOf(random);
    if (choice < DELETES_OF_100 + APPENDS_OF_100)
      return { type: 'put', family: LOG, key: keyOf(appended++), value };
    return { type: 'put', key: keyOf(draw()), value };
  };
  return () => {
    const operations = Array.from({ length: BATCH_ROWS }, operation);
    const values = operations.filter(({ type }) => type === 'put').length;
    return { operations, bytes: BATCH_ROWS * KEY_BYTES + values * VALUE_BYTES };
  };
}
