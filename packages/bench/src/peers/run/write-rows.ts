/** Writing a rowsheet in batches, a few in flight. */
import type { Driver } from '../driver.ts';
import { BATCH_ROWS } from '../workloads.ts';
import { checkValue, keyOfNumber, type Rowsheet } from './dataset.ts';

const CHECKS = 1000;

/** Writes all rows, or as many as `seconds` allow; returns how many. */
export async function writeRows(
  driver: Driver,
  sheet: Rowsheet,
  inFlight: number,
  seconds: number = Number.POSITIVE_INFINITY,
): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < sheet.entries && performance.now() < end) {
      const from = next;
      next = Math.min(sheet.entries, from + BATCH_ROWS);
      await driver.write(sheet.rows(from, next));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
  return next;
}

/** Throws unless a thousand of the first `written` rows can be read. */
export async function checkWritten(driver: Driver, sheet: Rowsheet, written: number): Promise<void> {
  const step = Math.max(1, Math.floor(written / CHECKS));
  for (let place = 0; place < written; place += step) {
    const number = sheet.numberAt(place);
    checkValue(await driver.get(keyOfNumber(number, driver.keys)), number);
  }
}
