/**
 * Reads everything of a file that its reader offers, and checks all of it.
 *
 * Invariants:
 * - Whatever the bytes: rows within bounds and in strict order, the same both ways, seeks as the walk, facts complete.
 * - Where checks are as they were written: what is shown is what was written, and no change stays unseen.
 */
import { type Hash64, hashBytes } from '@clortho/base';
import { type RowPosition, Sst, type SstCursorOptions, type SstOpenOptions } from '../../src/index.ts';
import { factsOf, isSame } from '../corpus/base-file.ts';
import type { Draw } from '../draw.ts';
import { expectThat, Finding } from '../finding.ts';
import { checkStated, checkTable } from './facts.ts';
import { checkLookups } from './lookups.ts';
import { Refusals } from './refusals.ts';
import { checkSeeks } from './seeks.ts';
import { compareShown, isSameRow, positionsOf } from './shown.ts';
import { honestSource, lyingSource, mapCache } from './sources.ts';
import type { Trial } from './trial.ts';
import { checkBothWays, type Walk, walkBackward, walkForward } from './walk.ts';

/** What came of a trial: a refusal by its code and text, or all was read. */
export interface Outcome {
  readonly code: string | undefined;
  readonly text: string;
  /** Rows that were shown and checked. */
  readonly rows: number;
}

const SEEKS = 2;

/**
 * Reads the file of a trial in all ways that it asks for.
 *
 * @throws {Finding} if the reader does what it must not do.
 */
export async function readEverything(draw: Draw, trial: Trial): Promise<Outcome> {
  const { bytes, base, source, isExact, timestamp } = trial;
  const isSizeWrong = source !== undefined && source.size !== bytes.length;
  const lacksTimestamp = timestamp === undefined;
  const refusals = new Refusals(lacksTimestamp);
  let rows = 0;
  let inMemory: Walk | undefined;
  if (!isSizeWrong && source?.isLying !== true) {
    const cache = draw.oneIn(4) ? undefined : mapCache();
    const sst = refusals.attempt(() => Sst.openBytes(bytes, { ...openOptions(trial), cache }));
    if (sst !== undefined) {
      if (cache !== undefined && draw.oneIn(8)) refusals.attempt(() => sst.warm(bytes));
      inMemory = await readOpen(draw, trial, sst, refusals, undefined);
      rows += inMemory.rows.length;
    }
    const isChanged = Buffer.compare(bytes, base.bytes) !== 0;
    if (isExact && isChanged && refusals.code === undefined)
      throw new Finding('a change of the bytes stays unseen');
    if (isExact && !isChanged && refusals.code !== undefined)
      throw new Finding(`a valid file is refused: ${refusals.text}`);
  }
  if (source !== undefined) {
    const { size, tailBytes, isCached, readAheadBytes, isLying } = source;
    const from = isLying ? lyingSource(draw, bytes) : honestSource(bytes);
    const own = new Refusals(lacksTimestamp);
    const options = { ...openOptions(trial), size, tailBytes, cache: isCached ? mapCache() : undefined };
    const sst = await own.attemptAsync(async () => Sst.open(from, options));
    const walk =
      sst && (await readOpen(draw, trial, sst, own, readAheadBytes === 0 ? undefined : { readAheadBytes }));
    rows += walk?.rows.length ?? 0;
    if (!isSizeWrong && !isLying) {
      checkSameWalk(inMemory, walk);
    } else if (isSizeWrong && isExact) {
      expectThat(own.code !== undefined, 'a file is opened with a wrong size');
    }
    return { code: refusals.code ?? own.code, text: refusals.text || own.text, rows };
  }
  return { code: refusals.code, text: refusals.text, rows };
}

function openOptions({ base, maxBlockBytes, timestamp }: Trial): Omit<SstOpenOptions, 'size'> {
  return { collectors: base.open.collectors, timestamp, maxBlockBytes, name: 'case.sst' };
}

/** Reads an open file, and returns its walk forward. */
async function readOpen(
  draw: Draw,
  trial: Trial,
  sst: Sst,
  refusals: Refusals,
  cursorOptions: SstCursorOptions | undefined,
): Promise<Walk> {
  const { base, isExact } = trial;
  checkStated(sst, sst.summary.bytes);
  const table = refusals.attempt(() => sst.blockTable());
  if (table !== undefined) checkTable(table, sst);
  if (isExact && table !== undefined && draw.oneIn(4)) {
    expectThat(isSame(factsOf(sst), base.truth.facts), 'facts are not those written');
  }
  const cursor = sst.cursor(cursorOptions);
  const forward = await walkForward(cursor, refusals);
  const backward = await walkBackward(cursor, refusals);
  // A read that lies is refused once, and honest the next time.
  const isSteady = trial.source?.isLying !== true;
  if (isSteady) checkBothWays(forward, backward);
  let rows: readonly RowPosition[] | undefined = forward.isWhole ? forward.rows : undefined;
  if (isExact) {
    rows = positionsOf(base.truth.rows);
    checkPrefix(forward, rows);
    checkFilter(draw, sst, rows);
  }
  if (rows !== undefined) await checkSeeks(draw, cursor, refusals, rows, SEEKS);
  if (rows !== undefined && isSteady && draw.oneIn(2)) await checkLookups(draw, sst, refusals, rows, isExact);
  cursor.release();
  if (draw.oneIn(8)) await checkPruned(draw, sst, refusals, forward);
  if (isSteady && draw.oneIn(4)) await checkVerified(sst, refusals, forward);
  return forward;
}

/** Checks that a file reads the same in memory and through a source; read-ahead may be refused some rows earlier. */
function checkSameWalk(inMemory: Walk | undefined, walk: Walk | undefined): void {
  expectThat(
    inMemory?.isWhole === walk?.isWhole,
    'a file is refused in memory or through a source, not in both',
  );
  if (inMemory === undefined || walk === undefined) return;
  const isSameLength = inMemory.rows.length === walk.rows.length;
  expectThat(isSameLength || !walk.isWhole, 'memory and source show different numbers of rows');
  walk.rows.forEach((row, index) => {
    const other = inMemory.rows[index];
    expectThat(other !== undefined && isSameRow(row, other), `memory and source differ at row ${index}`);
  });
}

function checkPrefix({ rows, isWhole }: Walk, written: readonly RowPosition[]): void {
  expectThat(
    isWhole ? rows.length === written.length : rows.length <= written.length,
    'rows are lost or made up',
  );
  rows.forEach((row, index) => {
    expectThat(isSameRow(row, written[index] as RowPosition), `row ${index} is not the one written`);
  });
}

function checkFilter(draw: Draw, sst: Sst, written: readonly RowPosition[]): void {
  const hash: Hash64 = { low: 0, high: 0 };
  const row = written[draw.below(written.length)];
  if (row === undefined) return;
  hashBytes(row.keyBytes, row.keyStart, row.keyEnd, hash);
  expectThat(sst.mayContain(hash.low, hash.high), 'the filter denies a key that was written');
}

/** Walks past blocks that a predicate refuses: what is left is some of the rows. */
async function checkPruned(draw: Draw, sst: Sst, refusals: Refusals, forward: Walk): Promise<void> {
  const seen = new Map<unknown, boolean>();
  const mayMatch = (statistics: unknown): boolean => {
    const known = seen.get(statistics) ?? draw.oneIn(2);
    seen.set(statistics, known);
    return known;
  };
  const walk = await walkForward(sst.cursor({ mayMatch }), refusals);
  if (!forward.isWhole) return;
  let at = 0;
  for (const row of walk.rows) {
    while (at < forward.rows.length && compareShown(forward.rows[at] as RowPosition, row) < 0) at += 1;
    expectThat(
      at < forward.rows.length && isSameRow(forward.rows[at] as RowPosition, row),
      'pruning makes rows up',
    );
  }
}

async function checkVerified(sst: Sst, refusals: Refusals, forward: Walk): Promise<void> {
  const isVerified = (await refusals.attemptAsync(async () => sst.verify().then(() => true))) === true;
  if (!isVerified) return;
  expectThat(forward.isWhole, 'a file passes verification and is refused');
  expectThat(
    forward.rows.length === sst.summary.rows,
    'a verified file has another number of rows than it says',
  );
}
