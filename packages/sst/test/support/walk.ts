/** Walking cursors to the end, loading what they are blocked on; rows come as texts. */
import { BLOCKED, ROW, type RowCursor, type Step } from '../../src/row.ts';
import { rowAt, textOf } from './rows.ts';

export async function settled(cursor: RowCursor, step: Step): Promise<Step> {
  let current = step;
  while (current === BLOCKED) current = await cursor.load();
  return current;
}

export async function forward(cursor: RowCursor, first: Step): Promise<string[]> {
  const rows: string[] = [];
  for (let step = await settled(cursor, first); step === ROW; step = await settled(cursor, cursor.next())) {
    rows.push(textOf(rowAt(cursor)));
  }
  return rows;
}

export async function backward(cursor: RowCursor, first: Step): Promise<string[]> {
  const rows: string[] = [];
  for (
    let step = await settled(cursor, first);
    step === ROW;
    step = await settled(cursor, cursor.previous())
  ) {
    rows.push(textOf(rowAt(cursor)));
  }
  return rows;
}
