/** One object against itself and against the entries that list it. */
import { isClorthoError, throwIfAborted } from '@clortho/base';
import { horizonOf, NO_FILES, objectKey } from '@clortho/manifest';
import type { ObjectStore } from '@clortho/object-store';
import { DELETE, type RowKind, Sst } from '@clortho/sst';
import type { HistoryEntry } from '../api.ts';
import type { Family } from '../catalog/family.ts';
import { holdsKey } from '../read/file-bounds.ts';
import { readHistory } from '../read/read-history.ts';
import { type StoreView, shardInterval } from '../view/store-view.ts';
import type { Tables } from '../view/tables.ts';
import { isDamage, type ListedFile } from './references.ts';
import { differencesOf, impossibilitiesOf } from './verify-entry.ts';
import type { VerifyFinding, VerifyProblem } from './verify-report.ts';
import { type HiddenRow, type RowProblems, storedCollectors, verifyRows } from './verify-rows.ts';

/** What verifying a file needs. */
export interface FileContext {
  readonly objects: ObjectStore;
  readonly tables: Tables;
  readonly view: StoreView;
  family(number: number): Family | undefined;
}

/** What a file came to. */
export interface VerifiedFile {
  readonly findings: readonly VerifyFinding[];
  readonly rows: number;
  /** `undefined` if the object is gone, or not sound. */
  readonly problems: RowProblems | undefined;
  readonly isMissing: boolean;
}

/**
 * Reads a file that `listed` list, which are several if it is in several parts or shards.
 *
 * @throws what the objects throw, damage aside.
 */
export async function verifyFile(
  context: FileContext,
  listed: readonly [ListedFile, ...ListedFile[]],
  signal: AbortSignal | undefined,
): Promise<VerifiedFile> {
  const [{ entry }] = listed;
  const at = objectKey(entry.id);
  const family = context.family(entry.family);
  const findings: VerifyFinding[] = [];
  const report = (problem: VerifyProblem, message: string, one: ListedFile = listed[0]): void => {
    findings.push({ problem, at, shard: one.state.head.shard, family: family?.record.name, message });
  };
  if (family === undefined) report('entry', `the store has no such family: family=${entry.family}`);
  let bytes: Uint8Array;
  try {
    bytes = await context.objects.get(at, { signal });
  } catch (error) {
    if (!isClorthoError(error, 'CLORTHO_NOT_FOUND')) throw error;
    report('missing', 'the object is gone');
    return { findings, rows: 0, problems: undefined, isMissing: true };
  }
  let sst: Sst;
  const collectors = family?.collectors ?? [];
  try {
    sst = Sst.openBytes(bytes, { name: at, timestamp: 0, collectors: storedCollectors(collectors) });
    await sst.verify(signal);
  } catch (error) {
    if (!isDamage(error)) throw error;
    report('damaged', error.message);
    return { findings, rows: 0, problems: undefined, isMissing: false };
  }
  for (const one of listed) {
    for (const message of differencesOf(one.entry, sst.summary)) report('entry', message, one);
    for (const message of impossibilitiesOf(one.entry, one.state.head.upper)) report('entry', message, one);
  }
  throwIfAborted(signal);
  const live = listed.filter((one) => one.isLive);
  const showing = live.length === 0 ? listed : live;
  const problems = verifyRows(sst, {
    tier: entry.tier,
    collectors,
    isShown: (key) => showing.some((one) => holdsKey(one.entry, key)),
  });
  if (problems.order !== undefined) report('order', problems.order);
  for (const name of problems.statistics) report('statistics', `the rows say otherwise: name=${name}`);
  const lost = family === undefined ? [] : await lostRows(context, live, family, problems.hidden, signal);
  const [first] = lost;
  if (first !== undefined)
    report(
      'bounds',
      `rows are hidden: rows=${lost.length} first=0x${Buffer.from(first.key).toString('hex')}`,
    );
  return { findings, rows: sst.summary.rows, problems, isMissing: false };
}

/**
 * Returns those of the hidden rows that the store does not show anywhere else, although it must: a file is shown in part
 * where a shard ends, or where a compaction took the rest to another file.
 */
async function lostRows(
  { tables, view }: FileContext,
  live: readonly ListedFile[],
  family: Family,
  hidden: readonly HiddenRow[],
  signal: AbortSignal | undefined,
): Promise<readonly HiddenRow[]> {
  const lost: HiddenRow[] = [];
  // A filter may have taken them away.
  if (family.record.filter !== undefined) return lost;
  for (const { state, entry } of live) {
    const position = view.map.shards.indexOf(state.head.shard);
    if (position === -1) continue;
    const { start, end } = shardInterval(view, position);
    const horizon = horizonOf(state.head, entry.family);
    const files = state.files.get(entry.family) ?? NO_FILES;
    const time = { asOf: state.head.upper, expiryAt: state.head.upper, latest: false };
    for (const row of hidden) {
      const timestamp = entry.uniform ? entry.run : row.timestamp;
      if (timestamp <= horizon || !isWithin(row.key, start, end)) continue;
      const target = { tables, family, files, time };
      const span = { from: timestamp, to: timestamp + 1, horizon, versions: 0 };
      const versions = await readHistory(target, row.key, span, signal).catch(nothingIfUnreadable);
      if (versions !== undefined && !tells(versions, row.kind, timestamp)) lost.push(row);
    }
  }
  return lost;
}

function isWithin(key: Uint8Array, start: Uint8Array, end: Uint8Array | undefined): boolean {
  return Buffer.compare(key, start) >= 0 && (end === undefined || Buffer.compare(key, end) < 0);
}

/** Tells whether the versions from a timestamp on know of a row of that time: a value, or that there was none. */
function tells(versions: readonly HistoryEntry[], kind: RowKind, timestamp: number): boolean {
  if (kind === DELETE) return versions.every((version) => version.kind === 'del');
  return versions.some((version) => version.kind === 'put' && version.timestamp === timestamp);
}

/** Another damaged file is found by itself, and shows nothing; without the merge operator nobody can tell. */
function nothingIfUnreadable(error: unknown): readonly HistoryEntry[] | undefined {
  if (isDamage(error)) return [];
  if (isClorthoError(error, 'CLORTHO_INVALID')) return undefined;
  throw error;
}
