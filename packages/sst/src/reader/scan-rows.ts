/** Scans of one file: rows as objects, for callers that do not need the cursor's speed. */
import { ClorthoError, copyBytes, intervalOf } from '@clortho/base';
import { BLOCKED, ROW, type Row, type Step } from '../row.ts';
import type { SstScanOptions } from './scan-options.ts';
import type { Sst } from './sst.ts';
import { isVisible, LATEST, rowOf, showsKey } from './visible.ts';

const READ_AHEAD_BYTES = 256 * 1024;

/** Yields what is visible at the time asked for, one row per key, in order of keys. */
export async function* scanRows(sst: Sst, options: SstScanOptions): AsyncGenerator<Row, void, undefined> {
  const { reverse = false, limit = Number.POSITIVE_INFINITY, asOf = LATEST, mayMatch, signal } = options;
  if (!(limit >= 0)) throw new ClorthoError('CLORTHO_INVALID', `limit is not a count: limit=${limit}`);
  const readAheadBytes = options.readAheadBytes ?? READ_AHEAD_BYTES;
  const { start: lower, end: upper } = intervalOf(options);
  const cursor = sst.cursor({ lower, upper, mayMatch, readAheadBytes, asOf: options.asOf });
  const arrived = async (first: Step): Promise<boolean> => {
    let step = first;
    while (step === BLOCKED) step = await cursor.load(signal);
    return step === ROW;
  };
  let left = limit;
  let key: Uint8Array | undefined;
  /** Backwards the newest version of a key comes last: it waits here for what follows. */
  let newest: Row | undefined;
  let more = left > 0 && (await arrived(reverse ? cursor.seekLast() : cursor.seekFirst()));
  while (more && left > 0) {
    const same = key !== undefined && showsKey(cursor, key);
    if (!same) {
      key = copyBytes(cursor.keyBytes, cursor.keyStart, cursor.keyEnd);
      if (newest !== undefined) {
        left -= 1;
        yield newest;
        newest = undefined;
      }
    }
    if (reverse || !same) {
      newest = isVisible(cursor, sst.rangeDeletes, asOf) ? rowOf(cursor, key as Uint8Array) : undefined;
    }
    if (!reverse && newest !== undefined) {
      left -= 1;
      yield newest;
      newest = undefined;
    }
    more = left > 0 && (await arrived(reverse ? cursor.previous() : cursor.next()));
  }
  if (newest !== undefined && left > 0) yield newest;
}
