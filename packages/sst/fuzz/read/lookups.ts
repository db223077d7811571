/** Lookups: gets, scans and cursors with bounds, compared with what the rows of a walk come to. */
import { compareBytes, type Hash64, hashBytes } from '@clortho/base';
import { DELETE, NEVER, type Row, type RowPosition, type Sst } from '../../src/index.ts';
import type { Draw } from '../draw.ts';
import { editBytes } from '../edit/edit-field.ts';
import { expectThat } from '../finding.ts';
import type { Refusals } from './refusals.ts';
import { compareKeys, isSameRow, positionsOf } from './shown.ts';
import { checkBothWays, walkBackward, walkForward } from './walk.ts';

/**
 * Looks up a key, scans a range, and walks within bounds. `rows` are those of the file; `isTimeTrue` says that the index
 * states the times of blocks as they are, so that reads of the past pass over the right ones.
 */
export async function checkLookups(
  draw: Draw,
  sst: Sst,
  refusals: Refusals,
  rows: readonly RowPosition[],
  isTimeTrue: boolean,
): Promise<void> {
  const row = rows[draw.below(rows.length)];
  const key = keyNear(draw, row);
  const asOf = draw.oneIn(2) ? undefined : (row?.timestamp ?? 0) + draw.between(-1, 1);
  await checkGet(sst, refusals, rows, key, asOf);
  const [lower, upper] = [key, keyNear(draw, rows[draw.below(rows.length)])].sort(compareBytes);
  if (draw.oneIn(2)) await checkBounds(sst, refusals, rows, draw.pick([undefined, lower]), upper);
  else
    await checkScan(sst, refusals, rows, { gte: lower, lt: upper, asOf, reverse: draw.oneIn(2) }, isTimeTrue);
}

async function checkGet(
  sst: Sst,
  refusals: Refusals,
  rows: readonly RowPosition[],
  key: Uint8Array,
  asOf: number | undefined,
): Promise<void> {
  const hash: Hash64 = { low: 0, high: 0 };
  hashBytes(key, 0, key.length, hash);
  const answer = await refusals.attemptAsync(async () => ({ row: await sst.get(key, { asOf }) }));
  if (answer === undefined) return;
  const expected = sst.mayContain(hash.low, hash.high)
    ? visibleOf(sst, rows, asOf, (row) => compareKeys(row, key) === 0)
    : [];
  checkSame(answer.row === undefined ? [] : [answer.row], expected, true, 'get');
}

interface ScanOptions {
  readonly gte: Uint8Array | undefined;
  readonly lt: Uint8Array | undefined;
  readonly asOf: number | undefined;
  readonly reverse: boolean;
}

async function checkScan(
  sst: Sst,
  refusals: Refusals,
  rows: readonly RowPosition[],
  options: ScanOptions,
  isTimeTrue: boolean,
): Promise<void> {
  const scanned: Row[] = [];
  const isWhole = await refusals.attemptAsync(async () => {
    for await (const row of sst.scan(options)) scanned.push(row);
    return true;
  });
  // Ends that contradict the versions above them leave open what was visible.
  const isPastKnown = isTimeTrue && rows.every(({ endTimestamp }) => endTimestamp === NEVER);
  if (!isPastKnown && options.asOf !== undefined) {
    for (const row of positionsOf(scanned)) {
      expectThat(
        rows.some((other) => isSameRow(row, other)),
        'a scan of the past makes rows up',
      );
    }
    return;
  }
  const expected = visibleOf(sst, rows, options.asOf, (row) => isWithin(row, options.gte, options.lt));
  checkSame(scanned, options.reverse ? expected.reverse() : expected, isWhole === true, 'scan');
}

async function checkBounds(
  sst: Sst,
  refusals: Refusals,
  rows: readonly RowPosition[],
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): Promise<void> {
  const cursor = sst.cursor({ lower, upper });
  const forward = await walkForward(cursor, refusals);
  checkBothWays(forward, await walkBackward(cursor, refusals));
  if (!forward.isWhole) return;
  const expected = rows.filter((row) => isWithin(row, lower, upper));
  expectThat(expected.length === forward.rows.length, 'a cursor with bounds shows another number of rows');
  expected.forEach((row, index) => {
    expectThat(isSameRow(row, forward.rows[index] as RowPosition), 'a cursor with bounds shows other rows');
  });
}

/** Returns what is visible at a time of the rows that `isWanted` takes, one per key, in order. */
function visibleOf(
  { rangeDeletes }: Sst,
  rows: readonly RowPosition[],
  asOf: number = NEVER,
  isWanted: (row: RowPosition) => boolean,
): RowPosition[] {
  const visible: RowPosition[] = [];
  let newest: RowPosition | undefined;
  for (const row of rows) {
    if (!isWanted(row) || row.timestamp > asOf) continue;
    if (newest !== undefined && compareKeys(newest, row.keyBytes, row.keyStart, row.keyEnd) === 0) continue;
    newest = row;
    const isOver = row.kind === DELETE || (row.endTimestamp <= asOf && row.endTimestamp !== NEVER);
    const isDeleted = rangeDeletes.some(
      ({ start, end, timestamp }) =>
        timestamp > row.timestamp && timestamp <= asOf && isWithin(row, start, end),
    );
    if (!isOver && !isDeleted) visible.push(row);
  }
  return visible;
}

function isWithin(row: RowPosition, lower: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
  if (lower !== undefined && compareKeys(row, lower) < 0) return false;
  return upper === undefined || compareKeys(row, upper) < 0;
}

function checkSame(
  read: readonly Row[],
  expected: readonly RowPosition[],
  isWhole: boolean,
  what: string,
): void {
  expectThat(
    isWhole ? read.length === expected.length : read.length <= expected.length,
    `a ${what} gives ${read.length} rows where ${expected.length} are visible`,
  );
  positionsOf(read).forEach((row, index) => {
    expectThat(isSameRow(row, expected[index] as RowPosition), `a ${what} gives another row than the walk`);
  });
}

function keyNear(draw: Draw, row: RowPosition | undefined): Uint8Array {
  const key = row === undefined ? draw.bytes(2) : row.keyBytes.slice(row.keyStart, row.keyEnd);
  return draw.oneIn(3) ? editBytes(draw, key) : key;
}
