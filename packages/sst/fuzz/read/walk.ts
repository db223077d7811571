/** Walks: all rows that a cursor shows, one way or the other, until the end or a refusal. */
import { BLOCKED, ROW, type RowPosition, type SstCursor, type Step } from '../../src/index.ts';
import { expectThat } from '../finding.ts';
import type { Refusals } from './refusals.ts';
import { compareShown, isSameRow, shownBy } from './shown.ts';

/** What a walk showed. */
export interface Walk {
  readonly rows: readonly RowPosition[];
  /** It came to the end: nothing was refused. */
  readonly isWhole: boolean;
}

/** No file of the fuzzer has so many rows. */
const ROWS_MAX = 2_000_000;

/** Walks from the first row on. Rows ascend strictly. */
export async function walkForward(cursor: SstCursor, refusals: Refusals): Promise<Walk> {
  return walk(
    cursor,
    refusals,
    () => cursor.seekFirst(),
    () => cursor.next(),
    1,
  );
}

/** Walks from the last row back, and returns the rows as they came. Rows descend strictly. */
export async function walkBackward(cursor: SstCursor, refusals: Refusals): Promise<Walk> {
  return walk(
    cursor,
    refusals,
    () => cursor.seekLast(),
    () => cursor.previous(),
    -1,
  );
}

/** Checks that both ways show the same. */
export function checkBothWays(forward: Walk, backward: Walk): void {
  expectThat(forward.isWhole === backward.isWhole, 'one way is refused, the other is not');
  if (!forward.isWhole) return;
  const { rows } = forward;
  expectThat(rows.length === backward.rows.length, 'the two ways show different numbers of rows');
  rows.forEach((row, index) => {
    const other = backward.rows[rows.length - 1 - index];
    expectThat(other !== undefined && isSameRow(row, other), `the two ways show different rows at ${index}`);
  });
}

/** Completes a move. */
export async function settled(cursor: SstCursor, step: Step): Promise<Step> {
  let current = step;
  while (current === BLOCKED) current = await cursor.load();
  return current;
}

async function walk(
  cursor: SstCursor,
  refusals: Refusals,
  first: () => Step,
  move: () => Step,
  direction: 1 | -1,
): Promise<Walk> {
  const rows: RowPosition[] = [];
  try {
    let step = first();
    if (step === BLOCKED) step = await settled(cursor, step);
    while (step === ROW) {
      const row = shownBy(cursor);
      const before = rows.at(-1);
      if (before !== undefined) {
        expectThat(compareShown(before, row) * direction < 0, `row ${rows.length} of a walk is out of order`);
      }
      rows.push(row);
      expectThat(rows.length < ROWS_MAX, 'a walk does not end');
      step = move();
      if (step === BLOCKED) step = await settled(cursor, step);
    }
    return { rows, isWhole: true };
  } catch (error) {
    refusals.note(error);
    return { rows, isWhole: false };
  }
}
