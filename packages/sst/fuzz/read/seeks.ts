/** Seeks, compared with the rows that a walk showed. */
import { ROW, type RowPosition, type SstCursor, type Step } from '../../src/index.ts';
import type { Draw } from '../draw.ts';
import { editBytes } from '../edit/edit-field.ts';
import { expectThat } from '../finding.ts';
import type { Refusals } from './refusals.ts';
import { compareKeys, isSameRow, shownBy } from './shown.ts';
import { settled } from './walk.ts';

/** Seeks a few keys and times, in both directions, and takes a step either way from where that leads. */
export async function checkSeeks(
  draw: Draw,
  cursor: SstCursor,
  refusals: Refusals,
  rows: readonly RowPosition[],
  times: number,
): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const row = rows[draw.below(rows.length)];
    const own = row === undefined ? draw.bytes(2) : row.keyBytes.slice(row.keyStart, row.keyEnd);
    const key = draw.oneIn(3) ? editBytes(draw, own) : own;
    const timestamp = draw.pick([
      undefined,
      row?.timestamp ?? 0,
      (row?.timestamp ?? 0) + draw.pick([-1, 1]),
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    const isBefore = draw.oneIn(3);
    const expected = isBefore
      ? indexBefore(rows, key)
      : indexAt(rows, key, timestamp ?? Number.POSITIVE_INFINITY);
    try {
      let step = await settled(cursor, isBefore ? cursor.seekBefore(key) : cursor.seek(key, timestamp));
      checkStep(cursor, step, rows, expected, isBefore ? 'seekBefore' : 'seek');
      if (draw.oneIn(2)) {
        step = await settled(cursor, cursor.next());
        checkStep(cursor, step, rows, Math.min(expected + 1, rows.length), 'next after a seek');
      } else {
        step = await settled(cursor, cursor.previous());
        checkStep(cursor, step, rows, Math.max(expected - 1, -1), 'previous after a seek');
      }
    } catch (error) {
      refusals.note(error);
    }
  }
}

function checkStep(
  cursor: SstCursor,
  step: Step,
  rows: readonly RowPosition[],
  at: number,
  move: string,
): void {
  const expected = rows[at];
  if (expected === undefined) {
    expectThat(step !== ROW, `${move} shows a row where the walk has none`);
  } else {
    expectThat(step === ROW, `${move} shows nothing where the walk has a row`);
    expectThat(isSameRow(shownBy(cursor), expected), `${move} shows another row than the walk`);
  }
}

/** Returns where the first row at or after (key, timestamp) is. */
function indexAt(rows: readonly RowPosition[], key: Uint8Array, timestamp: number): number {
  const at = rows.findIndex((row) => {
    const order = compareKeys(row, key);
    return order > 0 || (order === 0 && row.timestamp <= timestamp);
  });
  return at < 0 ? rows.length : at;
}

/** Returns where the last row before all of a key is; -1 if there is none. */
function indexBefore(rows: readonly RowPosition[], key: Uint8Array): number {
  return rows.findLastIndex((row) => compareKeys(row, key) < 0);
}
