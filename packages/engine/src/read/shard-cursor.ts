/**
 * One cursor over everything that a scan of one shard can need: delta files, current, and History where the read
 * lies in the past.
 *
 * Invariants:
 * - Files outside the key interval or the read's time are not opened.
 * - With a predicate, base files and blocks that cannot match are skipped freely: nothing lies beneath them. Delta
 *   files are skipped as well, unless they hold merge operands; they are listed in `hidden`, because a row found
 *   elsewhere may be older than one that they hide, which the scan must check.
 */
import type { KeyInterval } from '@clortho/base';
import type { RangeDeleteIndex } from '@clortho/compaction';
import type { FileEntry } from '@clortho/manifest';
import {
  BLOCKED,
  type Block,
  type CollectorDefinition,
  type MayMatch,
  type RowCursor,
  type Sst,
  type SstCursor,
  type Statistics,
  type Step,
} from '@clortho/sst';
import type { PruneReport } from '../api.ts';
import { currentWithin, cursorWithin, isBelowUpper, overlaps } from './file-bounds.ts';
import { LevelCursor } from './level-cursor.ts';
import type { LookupTarget } from './lookup.ts';
import { loadRangeDeletes, rangeDeletesOf } from './range-deletes.ts';
import { isSuperseded, type ReadTime } from './read-time.ts';

/** A cursor that shows the block in which it stands. */
export interface BlockCursor extends RowCursor {
  /** The block that the cursor stands in; `undefined` before the first row and after the last. */
  readonly block: Block | undefined;
  /** Which row of the block it stands on, and where those end that it may show. */
  readonly row: number;
  readonly rowEnd: number;
  /** Moves to another row that it may show. */
  moveTo(row: number): Step;
}

/** The sources of a scan of one shard. */
export interface ShardCursor {
  readonly inputs: readonly BlockCursor[];
  readonly rangeDeletes: RangeDeleteIndex | undefined;
  /** Delta files of which all or some rows may have been skipped. */
  readonly hidden: readonly FileEntry[];
  /** Lets go of all files and completes the report. */
  close(): void;
}

/**
 * Opens the sources of `interval`: at once if the files that it needs from the beginning are open. With `mayMatch`, skips by
 * statistics and counts into `report`.
 */
export function openShardCursor(
  { tables, family, files, time }: LookupTarget,
  interval: KeyInterval,
  report: PruneReport,
  mayMatch?: MayMatch,
): ShardCursor | Promise<ShardCursor> {
  const wanted = (file: FileEntry): boolean => isWanted(file, interval, time);
  const matches = (file: FileEntry): boolean => {
    const isMatch = mayMatch === undefined || mayMatch(statisticsOf(file, family.collectors));
    if (isMatch) report.filesRead += 1;
    else {
      report.filesSkipped += 1;
      report.blocksSkipped += file.blocks;
    }
    return isMatch;
  };
  const delta = files.delta.filter((file) => file.rows > 0 && wanted(file));
  const operands = delta.filter((file) => file.merges > 0);
  const plain = delta.filter((file) => file.merges === 0);
  const read = [...operands.filter(countAll), ...plain.filter(matches)];
  const current = currentWithin(files.current, interval).filter((file) => wanted(file) && matches(file));
  const history = time.latest ? [] : files.history.filter((file) => wanted(file) && matches(file));
  const apart = [...read, ...history];

  const join = (ssts: readonly Sst[], rangeDeletes: RangeDeleteIndex | undefined): ShardCursor => {
    const opened = ssts.map((sst, index) => {
      const file = apart[index] as FileEntry;
      const prunable = mayMatch !== undefined && (file.tier !== 'delta' || file.merges === 0);
      return cursorWithin(sst, file, prunable ? mayMatch : undefined);
    });
    const levels = lanesOf(current).map((lane) => new LevelCursor(tables, lane, report, mayMatch));
    return {
      inputs: [...opened, ...levels],
      rangeDeletes,
      hidden: mayMatch === undefined ? [] : plain,
      close() {
        for (const cursor of opened) leave(cursor, report);
        for (const level of levels) level.release();
      },
    };
  };
  const open = apart.map((file) => tables.get(file));
  const rangeDeletes = rangeDeletesOf(tables, files.delta);
  if (rangeDeletes !== BLOCKED && open.every((sst) => sst !== undefined)) return join(open, rangeDeletes);
  const loaded = Promise.all([
    Promise.all(apart.map((file) => tables.open(file))),
    loadRangeDeletes(tables, files.delta),
  ]);
  return loaded.then(([ssts, index]) => join(ssts, index));

  function countAll(): true {
    report.filesRead += 1;
    return true;
  }
}

/** Returns the decoded statistics that the manifest has of a file. */
function statisticsOf(file: FileEntry, collectors: readonly CollectorDefinition[]): Statistics {
  const statistics: Record<string, unknown> = {};
  for (const collector of collectors) {
    const bytes = file.statistics[collector.name];
    if (bytes !== undefined) statistics[collector.name] = collector.decode(bytes);
  }
  return statistics;
}

/**
 * Returns the files in lanes of disjoint bounds, each in key order: almost always one. Files of a level share no
 * key, but bounds that were shortened may overlap.
 */
function lanesOf(files: readonly FileEntry[]): FileEntry[][] {
  const lanes: FileEntry[][] = [];
  for (const file of files) {
    const lane = lanes.find((candidate) => !isBelowUpper(candidate.at(-1) as FileEntry, file.lower));
    if (lane === undefined) lanes.push([file]);
    else lane.push(file);
  }
  return lanes;
}

function leave(cursor: SstCursor, report: PruneReport): void {
  report.blocksRead += cursor.blocksRead;
  report.blocksSkipped += cursor.blocksSkipped;
  cursor.release();
}

function isWanted(file: FileEntry, interval: KeyInterval, time: ReadTime): boolean {
  return file.minTimestamp <= time.asOf && !isSuperseded(file, time.asOf) && overlaps(file, interval);
}
