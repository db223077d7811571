/** The order of rows, checked where it is decoded: what is searched and merged later may rely on it. */
import { compareSlices } from '@clortho/base';
import { corruptSection, type Section } from '../section.ts';
import { type Integers, integerAt } from './integers.ts';
import type { Keys } from './keys.ts';

/**
 * Checks that rows ascend strictly by (key ascending, timestamp descending).
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function checkOrder(section: Section, keys: Keys, timestamps: Integers): void {
  const { bytes, offsets, windows, shared } = keys;
  for (let row = 1; row < windows.length; row += 1) {
    const before = windows[row - 1] as number;
    const window = windows[row] as number;
    if (before < window) continue;
    let order = before - window;
    if (order === 0) {
      const start = offsets[row] as number;
      const end = offsets[row + 1] as number;
      order = compareSlices(bytes, (offsets[row - 1] as number) + shared, start, bytes, start + shared, end);
      if (order === 0) order = integerAt(timestamps, row) < integerAt(timestamps, row - 1) ? -1 : 1;
    }
    if (order >= 0) throw corruptSection(section, `row ${row} out of order`);
  }
}
