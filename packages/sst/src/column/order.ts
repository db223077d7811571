/** The order of rows, checked where it is decoded: what is searched and merged later may rely on it. */
import { compareSlices } from '@clortho/base';
import { corruptSection, type Section } from '../section.ts';
import { type Integers, integerAt } from './integers.ts';
import { KEY_START, type Keys, ROW_NUMBERS } from './keys.ts';

/**
 * Checks that rows ascend strictly by (key ascending, timestamp descending).
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function checkOrder(section: Section, keys: Keys, timestamps: Integers): void {
  const { keyBytes, table, shared, rows } = keys;
  for (let row = 1; row < rows; row += 1) {
    const at = row * ROW_NUMBERS;
    let order = (table[at - ROW_NUMBERS] as number) - (table[at] as number);
    if (order < 0) continue;
    if (order === 0) {
      const beforeStart = (table[at - ROW_NUMBERS + KEY_START] as number) + shared;
      const start = table[at + KEY_START] as number;
      const end = table[at + ROW_NUMBERS + KEY_START] as number;
      order = compareSlices(keyBytes, beforeStart, start, keyBytes, start + shared, end);
      if (order === 0) order = integerAt(timestamps, row) < integerAt(timestamps, row - 1) ? -1 : 1;
    }
    if (order >= 0) throw corruptSection(section, `row ${row} out of order`);
  }
}
